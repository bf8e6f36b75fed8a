using System.ComponentModel;
using System.Diagnostics;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>What a host daemon whose guests do nothing asks of the kernel.</summary>
public sealed class IdleHostTests
{
    private const int Looks = 20;

    [Fact]
    public async Task Thirty_empty_slots_cost_one_look_a_turn_and_no_attempt_to_accept()
    {
        using var folder = new LabFolder();
        var config = GuestHostFile.Write(folder, slots: 30);
        using var host = Expether.Start("host", "--config", config, "--socket", folder.File("host.sock"));
        await host.SeeAsync("keeps the guests' connections");
        using var tracer = Trace(host.Id);
        var (looks, accepts) = (0, 0);
        while (looks < Looks)
        {
            var line = await tracer.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            looks += line.Contains("epoll_wait(", StringComparison.Ordinal) ? 1 : 0;
            accepts += line.Contains("accept4(", StringComparison.Ordinal) ? 1 : 0;
        }

        tracer.Kill();
        Assert.Equal(0, accepts);
        host.Signal("TERM");
        Assert.Equal(0, (await host.EndAsync()).Code);
    }

    private static Process Trace(int process)
    {
        Process tracer;
        try
        {
            tracer = Process.Start(new ProcessStartInfo("strace", ["-f", "-p", $"{process}", "-e", "trace=accept4,epoll_wait"])
            {
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("strace (Debian package strace) is not on this machine");
            throw;
        }

        var first = tracer.StandardError.ReadLine();
        Assert.SkipUnless(first?.Contains("attached", StringComparison.Ordinal) == true, $"strace cannot trace a process: {first}");
        return tracer;
    }
}
