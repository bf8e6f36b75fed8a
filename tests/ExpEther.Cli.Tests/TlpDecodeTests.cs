using System.Globalization;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

public class TlpDecodeTests
{
    [Fact]
    public async Task Every_field_has_its_name_and_value()
    {
        var run = await Expether.RunAsync("tlp", "decode", "00000001", "0100070f", "00001000", "--json");

        Assert.Equal(0, run.Code);
        var tlp = run.Json["tlps"]![0]!;
        Assert.True(tlp["valid"]!.GetValue<bool>());
        var fields = tlp["fields"]!.AsArray().Select(f => (f!["name"]!.GetValue<string>(), f["value"]!.GetValue<uint>())).ToList();
        Assert.Contains(("Requester ID", 0x100u), fields);
        Assert.Contains(("Tag", 7u), fields);
        Assert.Contains(("First DW BE", 15u), fields);
        Assert.Contains(("Address[31:2]", 0x400u), fields);
        Assert.Equal(96, tlp["fields"]!.AsArray().Sum(f => f!["bits"]!.GetValue<string>().Split(':') is [var high, var low] ? Bits(high, low) : 1));
    }

    [Fact]
    public async Task A_TLP_that_is_cut_short_says_what_is_missing()
    {
        var run = await Expether.RunAsync("tlp", "decode", "4a000001 01000004 00000700 dead");

        Assert.Equal(1, run.Code);
        Assert.Contains("14 bytes, but the header says 16: 12 of header, 4 of data", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_hexadecimal_says_in_which_line_and_column()
    {
        using var running = Expether.Start("tlp", "decode");
        await running.Input.WriteAsync("00000001 0100070f 00001000\n00 0x1\n00 q0\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var run = await running.EndAsync();

        Assert.Equal(2, run.Code);
        Assert.Contains("line 2, 3 digits", run.Error, StringComparison.Ordinal);
        Assert.Contains("column 4: 'q'", (await Expether.RunAsync("tlp", "decode", "00 q0")).Error, StringComparison.Ordinal);
    }

    private static int Bits(string high, string low) => int.Parse(high, CultureInfo.InvariantCulture) - int.Parse(low, CultureInfo.InvariantCulture) + 1;
}
