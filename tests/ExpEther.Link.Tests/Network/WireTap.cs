using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ExpEther.Link.Tests.Network;

/// <summary>
/// Someone at the wire who knows the pre-shared key and docs/wire-format.md, and shares no code with the link: learns nonces from set-up,
/// derives the keys, opens every sealed frame, and remembers each (key, nonce) it was sealed with.
/// </summary>
public sealed class WireTap(byte[] preSharedKey)
{
    private readonly Dictionary<uint, List<(byte[] ToResponder, byte[] ToInitiator)>> _keys = [];
    private readonly HashSet<(string Key, string Nonce)> _seen = [];

    public int FramesOpened { get; private set; }

    public int EpochsSeen => _keys.Values.Sum(k => k.Count);

    /// <summary>The first pair that was used a second time; null: none was.</summary>
    public string? Repeated { get; private set; }

    public void OnFrame(byte[] frame)
    {
        var payload = frame.AsSpan(18);
        payload = payload[..BinaryPrimitives.ReadUInt16LittleEndian(payload[4..])];
        var epoch = BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]);
        switch (payload[1])
        {
            case 2:
                byte[] salt = [.. payload.Slice(64, 32)];
                byte[] binding = [.. frame.AsSpan(14, 2), .. frame.AsSpan(0, 6), .. frame.AsSpan(6, 6)];
                var keys = (Derive(salt, "expether 1 i>r", binding), Derive(salt, "expether 1 r>i", binding));
                if (!_keys.TryGetValue(epoch, out var known))
                {
                    _keys[epoch] = [keys];
                }
                else if (!known.Exists(k => k.ToResponder.AsSpan().SequenceEqual(keys.Item1)))
                {
                    known.Add(keys);
                }

                break;
            case 0 or 4:
                Open(frame, payload, epoch);
                break;
            default:
                break;
        }
    }

    private void Open(byte[] frame, Span<byte> payload, uint epoch)
    {
        var toResponder = frame.AsSpan(6, 6).SequenceEqual(Convert.FromHexString("020000000001"));
        byte[] nonce = [0, 0, 0, payload[3], .. payload.Slice(16, 8)];
        nonce.AsSpan(4).Reverse();

        // An epoch's number may come up again when a responder restarts before it was confirmed; its keys do not.
        foreach (var (forth, back) in _keys[epoch])
        {
            var key = toResponder ? forth : back;
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

    private byte[] Derive(byte[] salt, string label, byte[] binding) =>
        HKDF.Expand(HashAlgorithmName.SHA256, HKDF.Extract(HashAlgorithmName.SHA256, preSharedKey, salt), 32, [.. Encoding.ASCII.GetBytes(label), .. binding]);
}
