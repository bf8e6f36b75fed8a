using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ExpEther.Pcie.Tests;

/// <summary>The real lspci, on a dump instead of a bus: a judge that does not know our code. Tests are skipped where it is not installed.</summary>
internal static class Lspci
{
    /// <summary>What it says of functions whose 4096 bytes are read here; by function, as they are asked for.</summary>
    /// <param name="functions">Slot ("01:00.1") and how a register of it is read.</param>
    public static string[] Decode(params (string Slot, Func<int, uint> Read)[] functions)
    {
        var dump = new StringBuilder();
        foreach (var (slot, read) in functions)
        {
            Dump(dump, slot, read);
        }

        return DecodeDump(dump.ToString());
    }

    /// <inheritdoc cref="Decode"/>
    /// <param name="dump">As "lspci -xxxx" prints it.</param>
    public static string[] DecodeDump(string dump)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, dump);
            using var lspci = Start(file);
            var text = lspci.StandardOutput.ReadToEnd();
            var complaints = lspci.StandardError.ReadToEnd();
            lspci.WaitForExit();
            Assert.True(lspci.ExitCode == 0, complaints);
            return text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Every capability is known, no chain is broken, and there are as many as told.</summary>
    public static void AssertUnbroken(string text, int capabilities)
    {
        foreach (var complaint in new[]
            { "broken", "looped", "unreadable", "access denied", "<unknown", "Capability ID 0x", "Unknown type", "<error", "!!!", "???" })
        {
            Assert.DoesNotContain(complaint, text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(capabilities, text.Split('\n').Count(line => line.Contains("Capabilities: [", StringComparison.Ordinal)));
    }

    // What "lspci -xxxx" prints: a slot line, then 16 bytes a line.
    private static void Dump(StringBuilder dump, string slot, Func<int, uint> read)
    {
        dump.Append(CultureInfo.InvariantCulture, $"{slot} Device\n");
        for (var line = 0; line < 4096; line += 16)
        {
            dump.Append(CultureInfo.InvariantCulture, $"{line:x2}:");
            for (var register = line; register < line + 16; register += 4)
            {
                var value = read(register);
                dump.Append(CultureInfo.InvariantCulture, $" {(byte)value:x2} {(byte)(value >> 8):x2} {(byte)(value >> 16):x2} {value >> 24:x2}");
            }

            dump.Append('\n');
        }

        dump.Append('\n');
    }

    private static Process Start(string file)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("lspci", ["-F", file, "-vvv"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("lspci is not installed (package pciutils)");
            throw;
        }
    }
}
