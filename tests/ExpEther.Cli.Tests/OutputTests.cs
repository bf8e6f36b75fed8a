using System.Diagnostics;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>Stdout and stderr that take nothing: a full disk, a reader that has gone. And daemons that do not answer.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly LabFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--help")]
    [InlineData("nvme", "read", "--help")]
    [InlineData("keygen")]
    [InlineData("keygen", "--json")]
    [InlineData("no-such-command", "--json")]
    [InlineData("nvme", "read", "--json")]
    public async Task A_result_that_cannot_be_written_is_an_error(params string[] arguments)
    {
        var (code, error) = await ShellAsync("exec \"$@\" > /dev/full", arguments);

        Assert.Equal(1, code);
        Assert.Contains("stdout: No space left on device", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stderr_that_takes_nothing_changes_no_exit_code()
    {
        Assert.Equal(0, (await ShellAsync("exec \"$@\" 2> /dev/full > /dev/null", "--help")).Code);
        Assert.Equal(3, (await ShellAsync("exec \"$@\" 2> /dev/full", "ls", "--socket", _folder.File("none.sock"))).Code);
        Assert.Equal(2, (await ShellAsync("exec \"$@\" 2> /dev/full", "no-such-command")).Code);
    }

    [Fact]
    public async Task A_daemon_works_on_when_neither_stdout_nor_stderr_take_anything_and_counts_what_is_lost()
    {
        using var daemon = StartSwitch("exec \"$@\" > /dev/full 2> /dev/full", out var socket);
        await AnswersAsync(socket);

        var stats = await Expether.RunAsync("stats", "--socket", socket, "--json");
        Assert.True(stats.Json["log"]!["linesLost"]!.GetValue<long>() >= 1, stats.Output);

        daemon.Signal("HUP");
        Assert.Equal(0, (await Expether.RunAsync("ls", "--socket", socket)).Code);
        daemon.Signal("TERM");
        Assert.Equal(0, (await daemon.EndAsync()).Code);
    }

    [Fact]
    public async Task A_reader_that_has_gone_ends_top_quietly_also_when_there_is_nothing_to_say_for_an_hour()
    {
        using var daemon = StartSwitch("exec \"$@\"", out var socket);
        await AnswersAsync(socket);

        foreach (var interval in (string[])["100", "3600000"])
        {
            // head ends at once for 0 bytes: what comes after it finds no reader.
            var (code, error) = await ShellAsync("{ \"$@\"; echo \"code $?\" >&2; } | head -c 0", "top", "--interval", interval, "--socket", socket);
            Assert.Equal((0, "code 141\n"), (code, error));
        }
    }

    [Fact]
    public async Task A_daemon_that_is_stopped_is_told_of_with_its_number_and_what_to_do()
    {
        using var daemon = StartSwitch("exec \"$@\"", out var socket);
        await AnswersAsync(socket);
        daemon.Signal("STOP");

        var asked = await Expether.RunAsync("ls", "--socket", socket, "--json");

        Assert.Equal((3, "not-answering"), (asked.Code, asked.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Contains($"process {daemon.Id})", asked.Error, StringComparison.Ordinal);
        Assert.Contains($"it is stopped; let it go on with `kill -CONT {daemon.Id}`", asked.Error, StringComparison.Ordinal);
        daemon.Signal("CONT");
        Assert.Equal(0, (await Expether.RunAsync("ls", "--socket", socket)).Code);
    }

    [Fact]
    public async Task A_file_where_the_control_socket_or_the_counters_should_be_is_left_alone()
    {
        var file = _folder.File("thesis");
        await File.WriteAllTextAsync(file, "years of work", Cancel);
        var link = _folder.File("link");
        File.CreateSymbolicLink(link, file);
        foreach (var path in (string[])[file, link, Path.GetDirectoryName(file)!])
        {
            var refused = await Expether.RunAsync("switch", "--port", "a,udp=127.0.0.1:0", "--socket", path);
            Assert.Equal(1, refused.Code);
            Assert.Contains("and is left alone", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal("years of work", await File.ReadAllTextAsync(file, Cancel));
        Assert.Equal(file, new FileInfo(link).LinkTarget);

        var counters = _folder.File("switch.counters");
        await File.WriteAllTextAsync(counters, "years of work", Cancel);
        using var daemon = StartSwitch("exec \"$@\"", out var socket);
        await daemon.SeeAsync("is no counter page");
        daemon.Signal("TERM");
        Assert.Equal(0, (await daemon.EndAsync()).Code);
        Assert.Equal("years of work", await File.ReadAllTextAsync(counters, Cancel));
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public async Task Commands_that_stream_a_disk_or_frames_end_with_their_reader()
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);

        var nothing = await Expether.RunAsync("nvme", "write", "disk1", "--input", "/dev/null", "--socket", machine.Host);
        Assert.Equal(1, nothing.Code);
        Assert.Contains("there are no data: nothing was written", nothing.Error, StringComparison.Ordinal);

        Assert.Contains(
            "code 141", (await ShellAsync("{ \"$@\"; echo \"code $?\" >&2; } | head -c 1 >/dev/null", "nvme", "read", "disk1", "--socket", machine.Host)).Error,
            StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            // Of nothing that happens here: only the reader's end ends it. The second finds no capture in its way.
            var (_, error) = await ShellAsync(
                "{ \"$@\"; echo \"code $?\" >&2; } | head -c 1 >/dev/null", "capture", "--output", "-", "--function", "disk2", "--socket", machine.Io);
            Assert.Contains("code 141", error, StringComparison.Ordinal);
            Assert.DoesNotContain("capture-runs", error, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(int Code, string Error)> ShellAsync(string script, params string[] arguments)
    {
        using var running = Start(script, arguments);
        var finished = await running.EndAsync();
        return (finished.Code, finished.Error);
    }

    private static Expether.Running Start(string script, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", script, "sh", .. Expether.Command, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return new Expether.Running(Process.Start(start)!);
    }

    private Expether.Running StartSwitch(string script, out string socket)
    {
        socket = _folder.File("switch.sock");
        return Start(script, ["switch", "--port", "a,udp=127.0.0.1:0", "--socket", socket]);
    }

    private static async Task AnswersAsync(string socket)
    {
        while ((await Expether.RunAsync("ls", "--socket", socket)).Code != 0)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }
}
