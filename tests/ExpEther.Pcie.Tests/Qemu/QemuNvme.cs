using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ExpEther.Pcie.Tests;

/// <summary>
/// What QEMU's SR-IOV capable NVMe controller and the Linux and nvme-cli that used it produced: the files beside this one, each of which
/// says how it was made. A PF and a VF that are not ours.
/// </summary>
internal static partial class QemuNvme
{
    public const string PhysicalSlot = "0000:01:00.0";
    public const string VirtualSlot = "0000:01:00.1";

    /// <summary>Where the PF has its SR-IOV capability.</summary>
    public const int SrIovOffset = 0x120;

    /// <summary>Both functions, as "lspci -xxxx" printed them.</summary>
    public static string Dump => Load("nvme-sriov.lspci");

    /// <summary>Linux's accesses by configuration requests, one a line; "#" begins a remark.</summary>
    public static string[] Trace => Load("nvme-sriov-linux.trace").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Virtualization Management, step by step: what was done, what it came to, what was to be seen then.</summary>
    public static string[] Virtualization =>
        [.. Load("nvme-sriov-virtualization.txt").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    /// <summary>The 4096 bytes of a function's configuration space.</summary>
    public static byte[] ConfigSpace(string slot)
    {
        var start = Dump.IndexOf($"\n{slot} ", StringComparison.Ordinal);
        Assert.True(start >= 0, slot);
        var text = Dump[(start + 1)..];
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var bytes = Rows(end < 0 ? text : text[..end]);
        Assert.Equal(4096, bytes.Length);
        return bytes;
    }

    /// <summary>Reads a register of such bytes, as a driver does.</summary>
    public static Func<int, uint> Reader(byte[] bytes) => register => BitConverter.ToUInt32(bytes, register);

    /// <summary>What Identify returned: a "hex" section of the file.</summary>
    public static byte[] Identify(string name)
    {
        var bytes = new byte[4096];
        var rows = Rows(Section($"hex {name}"), bytes);
        Assert.True(rows > 0, name);
        return bytes;
    }

    /// <summary>What nvme-cli printed: a "text" section of the file.</summary>
    public static string[] Text(string name) => Section($"text {name}").Split('\n');

    /// <summary>A field of what nvme-cli printed ("vqfrt     : 16"), as it stands there.</summary>
    public static string Field(IEnumerable<string> text, string name) =>
        text.Where(line => line.Split(':')[0].Trim() == name).Select(line => line[(line.LastIndexOf(':') + 1)..].Trim()).First();

    /// <summary>A field that is a number, decimal or with 0x; what stands in brackets behind it is left out.</summary>
    public static int Number(IEnumerable<string> text, string name)
    {
        var value = Field(text, name).Split(' ')[0];
        return value.StartsWith("0x", StringComparison.Ordinal)
            ? int.Parse(value[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : int.Parse(value, CultureInfo.InvariantCulture);
    }

    private static string Section(string title)
    {
        var section = Load("nvme-sriov-identify.txt").Split("\n\n").Single(s => s.StartsWith(title + "\n", StringComparison.Ordinal));
        return section[(title.Length + 1)..];
    }

    private static byte[] Rows(string text)
    {
        var bytes = new byte[4096];
        return bytes[..(Rows(text, bytes) * 16)];
    }

    /// <returns>How many rows there were.</returns>
    private static int Rows(string text, byte[] into)
    {
        var rows = 0;
        foreach (Match row in Row().Matches(text))
        {
            var at = int.Parse(row.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Convert.FromHexString(row.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal)).CopyTo(into, at);
            rows++;
        }

        return rows;
    }

    [GeneratedRegex("^([0-9a-f]+):((?: [0-9a-f]{2}){16})$", RegexOptions.Multiline)]
    private static partial Regex Row();

    private static string Load(string file, [CallerFilePath] string here = "") => File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, file));
}
