using ExpEther.Cli.Guests;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests.Guests;

/// <summary>The client of a guest's agent, against an agent that a test plays: lab/README.md, "The agent".</summary>
public sealed class GuestShellTests : IDisposable
{
    private readonly LabFolder _folder = new();
    private readonly ScriptedAgent _agent;

    public GuestShellTests() => _agent = new ScriptedAgent(_folder.File("shell.sock"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_arrives_whole_and_its_output_and_exit_code_come_back()
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("echo 'ä'; exit 3", Cancel);

        var run = await _agent.LineAsync("run");
        Assert.Equal("echo 'ä'; exit 3", ScriptedAgent.Text(run[2]));
        await _agent.SayAsync($"out {run[1]} {ScriptedAgent.Base64("one ")}\nout {run[1]} {ScriptedAgent.Base64("two\n")}\nend {run[1]} 3\n");

        Assert.Equal((3, "one two\n"), await asked);
    }

    [Fact]
    public async Task Output_that_looks_like_the_protocol_is_output()
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("true", Cancel);

        var run = await _agent.LineAsync("run");
        await _agent.SayAsync($"out {run[1]} {ScriptedAgent.Base64($"end {run[1]} 0\n")}\nend {run[1]} 1\n");

        Assert.Equal((1, $"end {run[1]} 0\n"), await asked);
    }

    [Fact]
    public async Task What_an_earlier_client_left_is_not_taken_for_an_answer()
    {
        var connecting = GuestShell.ConnectAsync("guest1", _folder.File("shell.sock"), Cancel);
        await _agent.AcceptAsync();
        await _agent.SayAsync($"t of a line\nready 1\nout 77 {ScriptedAgent.Base64("theirs")}\nend 77 9\n");
        await _agent.SayAsync($"pong {(await _agent.LineAsync("ping"))[1]}\n");
        using var shell = await connecting;
        var asked = shell.AskAsync("true", Cancel);
        var run = await _agent.LineAsync("run");

        await _agent.SayAsync($"out 77 {ScriptedAgent.Base64("theirs")}\nend 77 9\nout {run[1]} {ScriptedAgent.Base64("ours")}\nend {run[1]} 0\n");

        Assert.Equal((0, "ours"), await asked);
    }

    [Fact]
    public async Task An_agent_that_is_not_there_yet_is_asked_again()
    {
        var connecting = GuestShell.ConnectAsync("guest1", _folder.File("shell.sock"), Cancel);
        await _agent.AcceptAsync();
        var lost = await _agent.LineAsync();
        var second = await _agent.LineAsync();

        Assert.Equal(lost, second);
        await _agent.SayAsync($"pong {second[1]}\n");
        (await connecting).Dispose();
    }

    [Fact]
    public async Task A_damaged_echo_of_the_question_is_no_answer()
    {
        var connecting = GuestShell.ConnectAsync("guest1", _folder.File("shell.sock"), Cancel);
        await _agent.AcceptAsync();
        var ping = await _agent.LineAsync("ping");
        await _agent.SayAsync($"ping {ping[1]}\ning {ping[1]}\nping {ping[1]}\n");

        // Asked again: the echo was not taken for the agent.
        await _agent.LineAsync("ping");
        await _agent.LineAsync("ping");
        Assert.False(connecting.IsCompleted);
        await _agent.SayAsync($"pong {ping[1]}\n");
        (await connecting).Dispose();
    }

    [Fact]
    public async Task Noise_without_a_line_of_any_length_is_passed_over()
    {
        var connecting = GuestShell.ConnectAsync("guest1", _folder.File("shell.sock"), Cancel);
        await _agent.AcceptAsync();
        await _agent.SayAsync(new string('x', 3 * GuestLimits.LineBytesMax));
        await _agent.SayAsync($"\npong {(await _agent.LineAsync("ping"))[1]}\n");

        (await connecting).Dispose();
    }

    [Fact]
    public async Task Giving_up_ends_the_command_in_the_guest()
    {
        using var shell = await ConnectAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = shell.AskAsync("sleep 100", stop.Token);
        var run = await _agent.LineAsync("run");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Equal(["kill", run[1], "TERM"], await _agent.LineAsync("kill"));
    }

    [Fact]
    public async Task A_refusal_is_told_in_the_agents_words()
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("true", Cancel);
        var run = await _agent.LineAsync("run");
        await _agent.SayAsync($"bad {run[1]} 16 commands run already\n");

        var failure = await Assert.ThrowsAsync<LabFailure>(() => asked);

        Assert.Equal("guest-refuses", failure.Code);
        Assert.Contains("16 commands run already", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("out {0} no-base64!\n")]
    [InlineData("end {0} soon\n")]
    [InlineData("outrage {0} 1\n")]
    public async Task An_agent_that_talks_nonsense_is_not_believed(string line)
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("true", Cancel);
        var run = await _agent.LineAsync("run");
        await _agent.SayAsync(string.Format(null, line, run[1]));

        Assert.Equal("guest-babbles", (await Assert.ThrowsAsync<LabFailure>(() => asked)).Code);
    }

    [Fact]
    public async Task A_guest_that_goes_away_ends_the_command()
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("true", Cancel);
        await _agent.LineAsync("run");
        _agent.HangUp();

        Assert.Equal("guest-gone", (await Assert.ThrowsAsync<LabFailure>(() => asked)).Code);
    }

    [Fact]
    public async Task A_guest_that_does_not_run_is_named()
    {
        var failure = await Assert.ThrowsAsync<LabFailure>(() => GuestShell.ConnectAsync("guest7", _folder.File("none.sock"), Cancel));

        Assert.Equal("guest-off", failure.Code);
        Assert.Contains("guest7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_output_than_is_kept_is_refused()
    {
        using var shell = await ConnectAsync();
        var asked = shell.AskAsync("yes", Cancel);
        var run = await _agent.LineAsync("run");
        var line = $"out {run[1]} {Convert.ToBase64String(new byte[2900])}\n";
        var telling = Task.Run(
            async () =>
            {
                for (var sent = 0; sent <= GuestLimits.OutputBytesMax; sent += 2900)
                {
                    await _agent.SayAsync(line);
                }
            }, Cancel);

        Assert.Equal("too-much-output", (await Assert.ThrowsAsync<LabFailure>(() => asked)).Code);
        await telling;
    }

    [Theory]
    [InlineData("nvme list", "nvme", "list")]
    [InlineData("echo 'a b'", "echo", "a b")]
    [InlineData("echo 'it'\\''s' ''", "echo", "it's", "")]
    [InlineData("sh -c 'ls | wc; $X'", "sh", "-c", "ls | wc; $X")]
    public void Words_arrive_as_they_are(string line, params string[] words) => Assert.Equal(line, GuestShell.Quote(words));

    public void Dispose()
    {
        _agent.Dispose();
        _folder.Dispose();
    }

    private async Task<GuestShell> ConnectAsync()
    {
        var connecting = GuestShell.ConnectAsync("guest1", _folder.File("shell.sock"), Cancel);
        await _agent.GreetAsync();
        return await connecting;
    }
}
