using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ExpEther.Link.Tests.Network;

/// <summary>
/// Someone at the wire who knows docs/wire-format.md, the pre-shared key and what both ends drew at random, and shares no code with the link: learns
/// both messages of set-up, derives the keys, opens every sealed frame, and remembers each (key, nonce) it was sealed with.
/// </summary>
/// <param name="preSharedKey">32 bytes.</param>
/// <param name="scalars">Every 32 bytes that an end has drawn; private scalars are among them.</param>
public sealed class WireTap(byte[] preSharedKey, List<byte[]> scalars)
{
    private const int PhaseFrameBits = 22;

    private readonly Dictionary<string, byte[]> _inits = [];
    private readonly Dictionary<uint, List<(byte[] ToResponder, byte[] ToInitiator)>> _secrets = [];
    private readonly HashSet<string> _transcripts = [];
    private readonly HashSet<(string Key, string Nonce)> _seen = [];

    public int FramesOpened { get; private set; }

    public int EpochsSeen => _secrets.Values.Sum(k => k.Count);

    /// <summary>Highest number of key changes within an epoch.</summary>
    public ulong PhasesSeen { get; private set; }

    /// <summary>The first pair that was used a second time; null: none was.</summary>
    public string? Repeated { get; private set; }

    public void OnFrame(byte[] frame)
    {
        var payload = frame.AsSpan(18);
        payload = payload[..BinaryPrimitives.ReadUInt16LittleEndian(payload[4..])];
        var epoch = BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]);
        switch (payload[1])
        {
            case 1:
                _inits[NonceOf(payload)] = Message(payload);
                break;
            case 2:
                Learn(frame, _inits[NonceOf(payload)], Message(payload), epoch);
                break;
            case 0 or 4:
                Open(frame, payload, epoch);
                break;
            default:
                break;
        }
    }

    private static string NonceOf(ReadOnlySpan<byte> payload) => Convert.ToHexString(payload.Slice(64, 16));

    private static byte[] Message(ReadOnlySpan<byte> payload)
    {
        var message = payload[..(208 + payload[206])].ToArray();
        message[4] = message[5] = 0;
        return message;
    }

    private void Learn(byte[] frame, byte[] init, byte[] accept, uint epoch)
    {
        byte[] binding = [.. frame.AsSpan(14, 2), .. frame.AsSpan(0, 6), .. frame.AsSpan(6, 6)];
        var transcript = SHA256.HashData([.. "expether 2 set-up"u8, .. binding, .. init, .. accept]);
        if (!_transcripts.Add(Convert.ToHexString(transcript)))
        {
            return;
        }

        var secret = HKDF.Extract(HashAlgorithmName.SHA256, Agreed(init.AsSpan(96, 64), accept.AsSpan(96, 64)), preSharedKey);
        if (!_secrets.TryGetValue(epoch, out var known))
        {
            _secrets[epoch] = known = [];
        }

        known.Add((Expand(secret, [.. "expether 2 i>r"u8, .. transcript]), Expand(secret, [.. "expether 2 r>i"u8, .. transcript])));
    }

    /// <summary>Finds the private scalar of one side among what was drawn, and agrees with the other side's point.</summary>
    private byte[] Agreed(ReadOnlySpan<byte> mine, ReadOnlySpan<byte> other)
    {
        for (var i = scalars.Count - 1; i >= 0; i--)
        {
            using var key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalars[i] });
            if (key.ExportParameters(false).Q.X.AsSpan().SequenceEqual(mine[..32]))
            {
                using var peer = ECDiffieHellman.Create(new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = other[..32].ToArray(), Y = other[32..].ToArray() },
                });
                return key.DeriveRawSecretAgreement(peer.PublicKey);
            }
        }

        throw new InvalidOperationException("an ephemeral key that was not drawn here");
    }

    private void Open(byte[] frame, Span<byte> payload, uint epoch)
    {
        var toResponder = frame.AsSpan(6, 6).SequenceEqual(Convert.FromHexString("020000000001"));
        byte[] nonce = [0, 0, 0, payload[3], .. payload.Slice(16, 8)];
        nonce.AsSpan(4).Reverse();
        var phase = BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]) >> PhaseFrameBits;
        PhasesSeen = Math.Max(PhasesSeen, phase);

        // An epoch's number may come up again when a responder restarts before it was confirmed; its keys do not.
        foreach (var (forth, back) in _secrets[epoch])
        {
            var key = KeyOf(toResponder ? forth : back, phase);
            if (Opens(key, nonce, payload))
            {
                FramesOpened++;
                if (!_seen.Add((Convert.ToHexString(key), Convert.ToHexString(nonce))))
                {
                    Repeated ??= $"epoch {epoch}, nonce {Convert.ToHexString(nonce)}";
                }

                return;
            }
        }

        Assert.Fail("a frame that the document's keys do not open");
    }

    private static byte[] KeyOf(byte[] secret, ulong phase)
    {
        for (ulong i = 0; i < phase; i++)
        {
            secret = Expand(secret, "expether 2 next"u8.ToArray());
        }

        return Expand(secret, "expether 2 key"u8.ToArray());
    }

    private static bool Opens(byte[] key, byte[] nonce, Span<byte> payload)
    {
        using var gcm = new AesGcm(key, 16);
        var sealedRecords = payload[64..^16];
        try
        {
            gcm.Decrypt(nonce, sealedRecords, payload[^16..], new byte[sealedRecords.Length], payload[..64]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static byte[] Expand(byte[] secret, byte[] info) => HKDF.Expand(HashAlgorithmName.SHA256, secret, 32, info);
}
