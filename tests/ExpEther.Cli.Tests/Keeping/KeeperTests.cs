using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Keeping;

/// <summary>A host daemon with a guest's slot, its keeper, and clients of the slot; each of the processes is killed.</summary>
public sealed partial class KeeperTests : IDisposable
{
    private const string IsKept = "keeps the guests' connections";

    private readonly LabFolder _folder = new();
    private readonly List<Expether.Running> _hosts = [];
    private readonly List<int> _keepers = [];

    private string Slot => Path.Combine(_folder.File("slots"), "slot1.sock");

    private string KeeperSocket => _folder.File("host.sock.keeper");

    [Fact]
    public async Task A_client_goes_on_when_its_bridge_is_killed_and_the_next_bridge_serves_beside_it()
    {
        var host = Start();
        await KeeperOfAsync(host);
        using var first = await SlotClient.ConnectAsync(Slot);
        await first.ResetAsync();

        await KillAsync(host);
        await first.ResetAsync();
        Assert.Equal(0xFFFF_FFFF, await first.ReadIdAsync());

        var next = Start();
        Assert.Contains("it answers 1 of an earlier bridge", await next.SeeAsync(IsKept), StringComparison.Ordinal);
        await first.ResetAsync();
        using var second = await SlotClient.ConnectAsync(Slot);
        await second.ResetAsync();

        await KillAsync(next);
        await first.ResetAsync();
        await second.ResetAsync();
        Assert.Equal(0xFFFF_FFFF, await second.ReadIdAsync());

        // It ends when no bridge and no client needs it.
        first.Dispose();
        second.Dispose();
        await StopAsync(Start());
        await EndOfKeeperAsync();
    }

    [Fact]
    public async Task A_client_that_connects_while_the_bridge_is_away_waits_and_is_served_by_the_next_one()
    {
        var host = Start();
        await KeeperOfAsync(host);
        await KillAsync(host);

        var early = SlotClient.ConnectAsync(Slot);
        using var connected = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connected.ConnectAsync(new UnixDomainSocketEndPoint(Slot), TestContext.Current.CancellationToken);
        Assert.False(early.IsCompleted);
        var next = Start();
        using var client = await early;
        await client.ResetAsync();

        await StopAsync(next);
        client.Dispose();
        await EndOfKeeperAsync();
        Assert.False(File.Exists(Slot));
    }

    [Fact]
    public async Task Sockets_of_a_killed_bridge_that_the_next_one_does_not_have_go_at_its_start()
    {
        var host = Start();
        await KeeperOfAsync(host);
        await KillAsync(host);
        Assert.True(File.Exists(Slot));

        var next = Start("other");
        await next.SeeAsync(IsKept);
        Assert.False(File.Exists(Slot));

        await StopAsync(next);
        await EndOfKeeperAsync();
    }

    [Fact]
    public async Task A_socket_whose_file_was_removed_while_the_bridge_was_away_is_made_again()
    {
        var host = Start();
        await KeeperOfAsync(host);
        await KillAsync(host);
        File.Delete(Slot);

        var next = Start();
        await next.SeeAsync(IsKept);
        using var client = await SlotClient.ConnectAsync(Slot);
        await client.ResetAsync();

        await StopAsync(next);
        client.Dispose();
        await EndOfKeeperAsync();
    }

    [Fact]
    public async Task A_keeper_that_is_killed_is_replaced_and_the_bridge_s_clients_do_not_notice()
    {
        var host = Start();
        var keeper = await KeeperOfAsync(host);
        using var client = await SlotClient.ConnectAsync(Slot);
        Kill(keeper);
        await host.SeeAsync("is gone; another one is started");
        await client.ResetAsync();
        await host.SeeAsync($"process {await OtherKeeperOfAsync(host, keeper)} {IsKept}");
        await KillAsync(host);
        await client.ResetAsync();
        client.Dispose();
        await StopAsync(Start());
        await EndOfKeeperAsync();
    }

    [Fact]
    public async Task A_bridge_that_is_asked_to_end_leaves_its_clients_to_the_keeper_and_no_keeper_without_clients()
    {
        var host = Start();
        await KeeperOfAsync(host);
        using var client = await SlotClient.ConnectAsync(Slot);
        await StopAsync(host);
        Assert.False(File.Exists(Slot));
        await client.ResetAsync();
        client.Dispose();
        await EndOfKeeperAsync();

        var next = Start();
        await KeeperOfAsync(next);
        await StopAsync(next);
        await EndOfKeeperAsync();
    }

    public void Dispose()
    {
        _hosts.ForEach(h => h.Dispose());
        _keepers.ForEach(Kill);
        _folder.Dispose();
    }

    private Expether.Running Start(string slots = "slots")
    {
        var config = GuestHostFile.Write(_folder, slots: 1, slots);
        var host = Expether.Start("host", "--config", config, "--socket", _folder.File("host.sock"));
        _hosts.Add(host);
        return host;
    }

    private async Task<int> KeeperOfAsync(Expether.Running host)
    {
        var keeper = int.Parse(ProcessNumber().Match(await host.SeeAsync(IsKept)).Groups[1].Value, CultureInfo.InvariantCulture);
        _keepers.Add(keeper);
        return keeper;
    }

    /// <summary>The keeper that came in place of one that was killed: whoever has that socket now.</summary>
    private async Task<int> OtherKeeperOfAsync(Expether.Running host, int former)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.False(host.HasEnded);
            await Task.Yield();
            foreach (var id in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])))
            {
                if (id != $"{former}" && CommandOf(id!).EndsWith($"keeper\0--socket\0{KeeperSocket}\0", StringComparison.Ordinal))
                {
                    _keepers.Add(int.Parse(id!, CultureInfo.InvariantCulture));
                    return _keepers[^1];
                }
            }
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            var command = File.ReadAllText($"/proc/{process}/cmdline");
            return command.StartsWith("/bin/sh", StringComparison.Ordinal) ? "" : command;
        }
        catch (IOException)
        {
            return ""; // it has ended
        }
    }

    private static async Task KillAsync(Expether.Running host)
    {
        host.Signal("KILL");
        Assert.Equal(137, (await host.EndAsync()).Code);
    }

    private static async Task StopAsync(Expether.Running host)
    {
        await host.SeeAsync(IsKept);
        host.Signal("TERM");
        Assert.Equal(0, (await host.EndAsync()).Code);
    }

    private static void Kill(int id)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-KILL", $"{id}"]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    private async Task EndOfKeeperAsync()
    {
        while (File.Exists(KeeperSocket))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [GeneratedRegex(@"process (\d+)")]
    private static partial Regex ProcessNumber();
}
