using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Sharing;

/// <summary><c>lab share</c>, the proof that a user runs: what it prints, field by field (docs/commands.md), and that it makes sense.</summary>
public sealed partial class ShareCommandTests
{
    private const int Guests = 3;

    /// <summary>What fio writes and reads back in one pass of one guest: 16 MiB each.</summary>
    private const long BytesOfOnePass = 32L << 20;

    [Fact]
    public async Task Three_guests_share_one_device_at_the_same_time_and_a_file_system_moves()
    {
        GuestAssumptions.AssetsOrSkip();
        using var share = Expether.Start("lab", "share", "--guests", $"{Guests}", "--json");
        var ended = await share.EndAsync().WaitAsync(LabTestLimits.CommandTime, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(ended.Error + ended.Output);
        var report = ended.Json;

        Assert.True(report["ok"]!.GetValue<bool>(), report["reason"]?.GetValue<string>());
        Assert.Equal(0, ended.Code);
        Assert.Equal(["ok", "guests", "overlap", "move"], report.Select(field => field.Key));
        var guests = report["guests"]!.AsArray().Select(g => g!.AsObject()).ToArray();
        Assert.Equal(["guest1", "guest2", "guest3"], guests.Select(g => Text(g, "name")));
        Assert.All(guests, AssertGuest);

        // Three functions of one device, each with an ID of its own in the box.
        Assert.Equal(Guests, guests.Select(g => Text(g, "vfIo")).Distinct().Count());

        // As long as they say, and no longer than from the last one's start to the first one's end.
        var shared = (guests.Min(g => Number(g, "endNs")) - guests.Max(g => Number(g, "startNs"))) / 1e9;
        Assert.InRange(report["overlap"]!.GetValue<double>(), 0.001, shared + 0.001);

        var move = report["move"]!.AsObject();
        Assert.Equal(["from", "to", "removeMs", "addMs", "verified"], move.Select(field => field.Key));
        Assert.Equal(("guest1", "guest2", true), (Text(move, "from"), Text(move, "to"), move["verified"]!.GetValue<bool>()));
        Assert.True(move["removeMs"]!.GetValue<double>() > 0);
        Assert.True(move["addMs"]!.GetValue<double>() > 0);
    }

    private static void AssertGuest(JsonObject guest)
    {
        Assert.Equal(
            [
                "name", "accel", "bootMs", "plugMs", "device", "bdfGuest", "vfH", "vfIo", "fioVerified", "bytes", "startNs", "endNs", "dmesgErrors",
            ],
            guest.Select(field => field.Key));
        Assert.Contains(Text(guest, "accel"), (string[])["kvm", "tcg"]);
        Assert.True(Number(guest, "bootMs") > 0);
        Assert.True(Number(guest, "plugMs") > 0);
        Assert.Matches(Disk(), Text(guest, "device"));
        Assert.Matches(Bdf(), Text(guest, "bdfGuest"));
        Assert.Matches(Id(), Text(guest, "vfH"));
        Assert.Matches(Id(), Text(guest, "vfIo"));
        Assert.True(guest["fioVerified"]!.GetValue<bool>());
        Assert.True(Number(guest, "bytes") >= BytesOfOnePass, $"{guest["bytes"]} bytes");
        Assert.True(Number(guest, "endNs") > Number(guest, "startNs"));
        Assert.Empty(guest["dmesgErrors"]!.AsArray());
    }

    private static string Text(JsonObject from, string field) => from[field]!.GetValue<string>();

    private static long Number(JsonObject from, string field) => from[field]!.GetValue<long>();

    [GeneratedRegex("^/dev/nvme[0-9]+n[0-9]+$")]
    private static partial Regex Disk();

    [GeneratedRegex("^0000:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$")]
    private static partial Regex Bdf();

    [GeneratedRegex("^[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$")]
    private static partial Regex Id();
}
