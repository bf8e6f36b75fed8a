using System.Buffers.Binary;
using ExpEther.Link.Sealing;

namespace ExpEther.Simulation.Oracle;

/// <summary>
/// Stands between all links and the platform's AEAD, and sees every key and nonce that a frame is sealed with, in every life of every station:
/// under one key, whoever has it, nonces only grow.
/// </summary>
internal sealed class NonceWatch : ICipherProvider
{
    private readonly Dictionary<string, Used> _keys = [];

    /// <summary>The first pair of key and nonce that was used a second time; null: none was.</summary>
    public string? Failure { get; private set; }

    public IFrameCipher Make(ReadOnlySpan<byte> key)
    {
        var name = Convert.ToHexString(key);
        if (!_keys.TryGetValue(name, out var used))
        {
            _keys[name] = used = new Used();
        }

        return new Watched(AesGcmProvider.Instance.Make(key), used, this);
    }

    private sealed class Used
    {
        public UInt128 Last { get; set; }
    }

    private sealed class Watched(IFrameCipher inner, Used used, NonceWatch watch) : IFrameCipher
    {
        public void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> records, Span<byte> tag, ReadOnlySpan<byte> header)
        {
            var number = new UInt128(BinaryPrimitives.ReadUInt32BigEndian(nonce), BinaryPrimitives.ReadUInt64BigEndian(nonce[4..]));
            if (number <= used.Last)
            {
                watch.Failure ??= $"frame {number} was sealed after frame {used.Last} under the same key: a nonce is used twice";
            }

            used.Last = number;
            inner.Encrypt(nonce, records, tag, header);
        }

        public bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> records, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> header) =>
            inner.TryDecrypt(nonce, records, tag, plain, header);

        public void Dispose() => inner.Dispose();
    }
}
