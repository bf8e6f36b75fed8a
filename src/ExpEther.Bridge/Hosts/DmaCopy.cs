using System.Runtime.InteropServices;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Copies between a frame and host memory that a processor may read or write at the same time. Naturally aligned words of up to 8
/// bytes on the host's side are moved as one, in ascending order, each released after those before it: a queue entry whose phase bit
/// is in its last word is never seen half written. <see cref="Span{T}.CopyTo"/> promises neither.
/// </summary>
internal static class DmaCopy
{
    /// <summary>From a frame into host memory that starts at <paramref name="address"/>.</summary>
    public static void ToHost(ReadOnlySpan<byte> from, HostAddress address, Span<byte> host)
    {
        Check.That(from.Length == host.Length);
        var head = HeadBytes(address, host.Length);
        var at = Narrow(from[..head], address.Value, host[..head]);
        var to = MemoryMarshal.Cast<byte, ulong>(host[at..]);
        var words = MemoryMarshal.Cast<byte, ulong>(from[at..])[..to.Length];
        for (var i = 0; i < words.Length; i++)
        {
            Volatile.Write(ref to[i], words[i]);
        }

        at += words.Length * sizeof(ulong);

        Narrow(from[at..], address.Value + (ulong)at, host[at..]);
    }

    /// <summary>From host memory that starts at <paramref name="address"/> into a frame.</summary>
    public static void FromHost(HostAddress address, ReadOnlySpan<byte> host, Span<byte> into)
    {
        Check.That(into.Length == host.Length);
        var head = HeadBytes(address, host.Length);
        var at = Narrow(host[..head], address.Value, into[..head]);
        var words = MemoryMarshal.Cast<byte, ulong>(host[at..]);
        var to = MemoryMarshal.Cast<byte, ulong>(into[at..])[..words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            to[i] = Volatile.Read(in words[i]);
        }

        at += words.Length * sizeof(ulong);

        Narrow(host[at..], address.Value + (ulong)at, into[at..]);
    }

    private static int HeadBytes(HostAddress address, int bytes) => Math.Min((int)(-(long)address.Value & 7), bytes);

    /// <summary>Up to 7 bytes beside the 8-byte words, in their naturally aligned words of 4, 2 and 1.</summary>
    private static int Narrow(ReadOnlySpan<byte> from, ulong address, Span<byte> into)
    {
        var at = 0;
        while (at < from.Length)
        {
            var left = from.Length - at;
            if ((address & 3) == 0 && left >= 4)
            {
                MemoryMarshal.Write(into[at..], MemoryMarshal.Read<uint>(from[at..]));
                at += 4;
                address += 4;
            }
            else if ((address & 1) == 0 && left >= 2)
            {
                MemoryMarshal.Write(into[at..], MemoryMarshal.Read<ushort>(from[at..]));
                at += 2;
                address += 2;
            }
            else
            {
                into[at] = from[at];
                at++;
                address++;
            }
        }

        return at;
    }
}
