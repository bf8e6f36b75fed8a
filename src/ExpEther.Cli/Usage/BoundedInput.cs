using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Usage;

/// <summary>Input that a command holds in memory whole: at most <see cref="BytesMax"/>, so that a device or an endless pipe ends in words.</summary>
internal static class BoundedInput
{
    /// <summary>A capture of some seconds, or a few hundred thousand TLPs in hexadecimal.</summary>
    public const int BytesMax = 64 << 20;

    /// <param name="from">Read to its end.</param>
    /// <param name="name">What it is, for the message.</param>
    /// <param name="remedy">What to give instead of something larger.</param>
    /// <param name="cancel">Ends the wait for more.</param>
    /// <exception cref="ControlException">It has more.</exception>
    public static async Task<byte[]> ReadAsync(Stream from, string name, string remedy, CancellationToken cancel)
    {
        using var whole = new MemoryStream();
        var part = new byte[64 << 10];
        while (await from.ReadAsync(part, cancel) is var length and > 0)
        {
            if (whole.Length + length > BytesMax)
            {
                throw new ControlException(ControlErrorCode.BadArgument, $"{name} is larger than {BytesMax >> 20} MiB", remedy);
            }

            whole.Write(part, 0, length);
        }

        return whole.ToArray();
    }
}
