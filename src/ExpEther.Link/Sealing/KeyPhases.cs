using System.Security.Cryptography;

namespace ExpEther.Link.Sealing;

/// <summary>
/// The keys of one direction of an epoch, one after the other. The phase is part of the frame number, so both sides name the same key without a
/// word about it, and a frame number is used under one key only. Each phase's secret is made from the one before by a one-way function,
/// and the one before is overwritten: who learns a key later opens nothing of the phases before it.
/// </summary>
internal sealed class KeyPhases(byte[] secret, ICipherProvider ciphers) : IDisposable
{
    private readonly byte[] _secret = secret;
    private byte[]? _nextSecret;
    private IFrameCipher _cipher = MakeCipher(secret, ciphers);
    private IFrameCipher? _next;

    public ulong Phase { get; private set; }

    public static ulong PhaseOf(ulong frameNumber) => frameNumber >> LinkLimits.KeyPhaseFrameBits;

    /// <summary>The first frame number of the phase after that of a number.</summary>
    public static ulong FirstOfNext(ulong frameNumber) => (PhaseOf(frameNumber) + 1) << LinkLimits.KeyPhaseFrameBits;

    /// <summary>The key of the phase in use, or of the next one, which is made once and kept until it is used.</summary>
    /// <returns>Null: the phase is over, or further than the next.</returns>
    public IFrameCipher? Find(ulong frameNumber)
    {
        var phase = PhaseOf(frameNumber);
        if (phase == Phase)
        {
            return _cipher;
        }

        if (phase != Phase + 1)
        {
            return null;
        }

        if (_next is null)
        {
            _nextSecret = KeySchedule.NextPhase(_secret);
            _next = MakeCipher(_nextSecret, ciphers);
        }

        return _next;
    }

    /// <summary>A frame of this number was sealed or proved authentic: earlier phases are over, and their keys are gone.</summary>
    public void Reach(ulong frameNumber)
    {
        if (PhaseOf(frameNumber) == Phase)
        {
            return;
        }

        Check.That(PhaseOf(frameNumber) == Phase + 1 && _next is not null);
        _cipher.Dispose();
        _cipher = _next;
        _nextSecret!.CopyTo(_secret, 0);
        CryptographicOperations.ZeroMemory(_nextSecret);
        (_next, _nextSecret) = (null, null);
        Phase++;
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _next?.Dispose();
        CryptographicOperations.ZeroMemory(_secret);
        CryptographicOperations.ZeroMemory(_nextSecret);
    }

    private static IFrameCipher MakeCipher(byte[] secret, ICipherProvider ciphers)
    {
        var key = KeySchedule.FrameKey(secret);
        var cipher = ciphers.Make(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
