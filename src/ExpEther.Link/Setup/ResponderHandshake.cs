using System.Buffers.Binary;
using System.Security.Cryptography;
using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// The answering side of set-up. It has one challenge, drawn at random, which HELLO asks for, and one pending session. An INIT that returns the challenge
/// makes the pending session and uses the challenge up; the same INIT again, of this size or another, has the same ACCEPT sent, and any other INIT is
/// told the challenge of now. So
/// <list type="bullet">
/// <item>one INIT has one answer for ever: a challenge admits one INIT, and the next challenge is another;</item>
/// <item>only a live initiator that holds the key gets the costly part, ECDH, done: a recorded INIT returns a challenge that is used up;</item>
/// <item>nothing an attacker replays makes the pending session go: only a newer INIT of the genuine initiator does.</item>
/// </list>
/// An ACCEPT is as long as the INIT it answers: so the initiator learns what passes both ways, and nobody gets more bytes out of this side than
/// he sent to it. The pending session comes into use with the first authentic frame of its epoch, which states the MTU that the initiator found;
/// until then the epoch in use stays untouched. It is forgotten when that does not come within <see cref="LinkOptions.SetupPending"/>.
/// It also answers, by STALE and not too often, frames of epochs it does not know, so that a peer learns of our restart at once.
/// </summary>
internal sealed class ResponderHandshake(LinkOptions options, SetupSeal seal, IRandomSource random) : IDisposable
{
    private readonly Queue<byte[]> _toChallenge = new(LinkLimits.SetupAnswersMax);
    private readonly Queue<int> _sizesDue = new(LinkLimits.SetupSizesMax);
    private byte[]? _challenge;
    private Session? _pending;
    private Instant _pendingUntil;
    private uint _lastEpoch;
    private uint _staleEpoch;
    private Instant _staleAfter;

    public bool FrameDue => _staleEpoch != 0 || _toChallenge.Count > 0 || _sizesDue.Count > 0;

    /// <summary>Takes an authentic HELLO.</summary>
    public void OnHello(ChallengeMessage message) => TellChallenge(message.Nonce);

    /// <summary>Does an authentic INIT return the challenge of now?</summary>
    public bool IsAnswer(SetupMessage message) => _challenge is not null && CryptographicOperations.FixedTimeEquals(message.Challenge, _challenge);

    /// <summary>Takes an authentic INIT.</summary>
    /// <returns>Why it is dropped, or null.</returns>
    public FrameDrop? OnInit(SetupMessage message, int sizeBytes, Instant now)
    {
        if (!message.SpeaksOurVersion)
        {
            return FrameDrop.WrongVersion;
        }

        if (_pending is { } pending && pending.Init.Says(message))
        {
            Answer(sizeBytes);
            return null;
        }

        if (!IsAnswer(message))
        {
            TellChallenge(message.Nonce);
            return FrameDrop.UnexpectedSetup;
        }

        // Before anything else: whatever comes of this INIT, no other one gets an answer under this challenge.
        DrawChallenge();
        DropPending();
        byte[]? agreed = null;
        byte[]? publicKey = null;
        if (options.Sealed)
        {
            using var key = new EphemeralKey(random);
            publicKey = key.PublicKey;
            agreed = key.TryAgree(message.PublicKey);
            if (agreed is null)
            {
                return FrameDrop.Malformed;
            }
        }

        var accept = SetupMessage.Make(
            FrameType.Accept, options.Sealed, message.Nonce, message.Challenge, publicKey, NextEpoch(message.KnownEpoch), knownEpoch: 0,
            SetupParameters.Of(options));
        _pending = new Session(options, message, accept, agreed);
        _pendingUntil = now + options.SetupPending;
        Answer(sizeBytes);
        return null;
    }

    public void OnTime(Instant now)
    {
        if (_pending is not null && now >= _pendingUntil)
        {
            DropPending();
        }
    }

    /// <summary>The pending session, when it is of this epoch.</summary>
    public Session? Find(uint epoch) => _pending?.Epoch == epoch ? _pending : null;

    /// <summary>Forgets the pending session; one that came into use is the caller's now.</summary>
    public void Clear(Session? except)
    {
        if (_pending is not null && _pending == except)
        {
            _pending = null;
        }

        DropPending();
        _toChallenge.Clear();
        _staleEpoch = 0;
    }

    public void Dispose() => Clear(except: null);

    /// <summary>A frame of an epoch came that we do not know.</summary>
    public void OnUnknownEpoch(uint epoch, Instant now)
    {
        if (epoch != 0 && now >= _staleAfter)
        {
            _staleEpoch = epoch;
            _staleAfter = now + options.StaleAnswer;
        }
    }

    /// <summary>Writes the CHALLENGE, ACCEPT or STALE that is due.</summary>
    /// <returns>Bytes written from the header on.</returns>
    public int Write(uint epochInUse, Span<byte> into)
    {
        if (_sizesDue.TryDequeue(out var size))
        {
            return _pending!.Accept.Write(size, seal, into);
        }

        if (_toChallenge.TryDequeue(out var nonce))
        {
            return new ChallengeMessage(nonce, _challenge!, epochInUse).Write(FrameType.Challenge, seal, into);
        }

        var length = FrameLayout.Bytes + seal.TagBytes;
        var header = new FrameHeader
        {
            Type = FrameType.Stale,
            Flags = seal.IsSealed ? FrameFlags.Sealed : FrameFlags.None,
            Length = (ushort)length,
            Epoch = _staleEpoch,
        };
        _staleEpoch = 0;
        header.Write(into);
        seal.Close(into[..length]);
        return length;
    }

    /// <summary>The same size again, before it was answered, is answered once.</summary>
    private void Answer(int sizeBytes)
    {
        if (_sizesDue.Count < LinkLimits.SetupSizesMax && !_sizesDue.Contains(sizeBytes))
        {
            _sizesDue.Enqueue(sizeBytes);
        }
    }

    private void TellChallenge(ReadOnlySpan<byte> nonce)
    {
        if (_challenge is null)
        {
            DrawChallenge();
        }

        foreach (var waiting in _toChallenge)
        {
            if (nonce.SequenceEqual(waiting))
            {
                return;
            }
        }

        if (_toChallenge.Count < LinkLimits.SetupAnswersMax)
        {
            _toChallenge.Enqueue(nonce.ToArray());
        }
    }

    private void DrawChallenge()
    {
        _challenge = new byte[SetupLayout.ChallengeBytes];
        random.Fill(_challenge);
    }

    private void DropPending()
    {
        _pending?.Dispose();
        _pending = null;
        _sizesDue.Clear();
    }

    /// <summary>Epochs count up from the highest either side remembers; when neither does, from a random one. 0 is never used.</summary>
    private uint NextEpoch(uint peersLast)
    {
        var last = Math.Max(_lastEpoch, peersLast);
        if (last == 0)
        {
            Span<byte> bytes = stackalloc byte[4];
            random.Fill(bytes);
            last = BinaryPrimitives.ReadUInt32LittleEndian(bytes) >> 1;
        }

        _lastEpoch = last == uint.MaxValue ? 1 : last + 1;
        return _lastEpoch;
    }
}
