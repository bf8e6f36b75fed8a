using System.Diagnostics;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests.Laboratory;

/// <summary>The state of a laboratory that is not up, or not any more: what each command says, and what is cleared away.</summary>
public sealed class LabStateTests : IDisposable
{
    private readonly TestPlace _place = new();

    private LabPlace Folder => _place.Folder;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("status")]
    [InlineData("down")]
    [InlineData("exec", "guest1", "--", "true")]
    [InlineData("console", "guest1")]
    [InlineData("fault", "guest1", "--cut")]
    public async Task Without_a_laboratory_a_command_exits_3_and_says_how_to_have_one(params string[] arguments)
    {
        var run = await LabAsync(arguments);

        Assert.Equal(3, run.Code);
        Assert.Contains($"no laboratory is up in {Folder.Path}; start one: expether lab up", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("exec", "guest1", "--", "true")]
    [InlineData("fault", "guest1", "--restart")]
    public async Task A_killed_laboratory_is_recognised(params string[] arguments)
    {
        await LeaveAsync(stillRuns: null);

        var run = await LabAsync(arguments);

        Assert.Equal(3, run.Code);
        Assert.Contains("was killed; clear away what is left with `expether lab down`", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_laboratory_left_is_ended_and_cleared_away()
    {
        using var left = Process.Start("sleep", "1000");
        await LeaveAsync(stillRuns: ProcessIdentity.Of(left.Id));

        var run = await LabAsync("down", "--json");

        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("guest1", Assert.Single(run.Json["ended"]!.AsArray())!.GetValue<string>());
        await left.WaitForExitAsync(Cancel);
        Assert.False(Directory.Exists(Folder.Path));
    }

    [Fact]
    public async Task A_process_that_has_the_number_by_now_is_left_alone()
    {
        using var other = Process.Start("sleep", "1000");
        try
        {
            await LeaveAsync(stillRuns: ProcessIdentity.Of(other.Id)! with { StartTicks = 1 });

            var run = await LabAsync("down", "--json");

            Assert.True(run.Code == 0, run.Error);
            Assert.Empty(run.Json["ended"]!.AsArray());
            Assert.False(other.HasExited);
            Assert.False(Directory.Exists(Folder.Path));
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task Numbers_from_before_the_machine_started_mean_nothing()
    {
        using var other = Process.Start("sleep", "1000");
        try
        {
            await LeaveAsync(stillRuns: ProcessIdentity.Of(other.Id), bootId: "another");

            Assert.Equal(0, (await LabAsync("down")).Code);
            Assert.False(other.HasExited);
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task Up_refuses_while_one_is_up()
    {
        await LeaveAsync(stillRuns: null, supervisor: ProcessIdentity.Of(Environment.ProcessId));

        var run = await LabAsync("up", "--json");

        Assert.Equal((1, "lab-is-up"), (run.Code, run.Json["error"]!["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task One_that_is_still_being_made_is_not_worked_with()
    {
        await LeaveAsync(stillRuns: null, supervisor: ProcessIdentity.Of(Environment.ProcessId), isReady: false);

        Assert.Contains("is still being made; wait for `expether lab up`", (await LabAsync("status")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_names_are_told_with_those_that_are_known()
    {
        await LeaveAsync(stillRuns: null, supervisor: ProcessIdentity.Of(Environment.ProcessId));

        var guest = await LabAsync("exec", "guest9", "--", "true");
        var cable = await LabAsync("fault", "guest9", "--cut");

        Assert.Equal((2, 2), (guest.Code, cable.Code));
        Assert.Contains("no guest is called guest9; the guests are guest1", guest.Error, StringComparison.Ordinal);
        Assert.Contains("no cable leads to guest9; cables lead to io, guest1; or write all", cable.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no fault is named")]
    [InlineData("one kind of fault at a time", "--cut", "--reset")]
    [InlineData("one kind of fault at a time", "--kill", "host", "--restart")]
    public async Task A_fault_is_one_fault(string says, params string[] options)
    {
        await LeaveAsync(stillRuns: null, supervisor: ProcessIdentity.Of(Environment.ProcessId));

        var run = await LabAsync(["fault", "guest1", .. options]);

        Assert.Equal(2, run.Code);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_other_things_in_it_is_not_taken()
    {
        Directory.CreateDirectory(Folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Folder.In("thesis.txt"), "years of work", Cancel);

        var run = await LabAsync("up");

        Assert.Equal(2, run.Code);
        Assert.Contains("is not empty and no laboratory's", run.Error, StringComparison.Ordinal);
        Assert.Equal("years of work", await File.ReadAllTextAsync(Folder.In("thesis.txt"), Cancel));
    }

    [Theory]
    [InlineData("up")]
    [InlineData("down")]
    public async Task A_folder_that_only_has_a_file_of_that_name_is_not_cleared_away(string command)
    {
        Directory.CreateDirectory(Folder.Path);
        File.SetUnixFileMode(Folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        await File.WriteAllTextAsync(Folder.State, "{\"samples\":7}", Cancel);
        await File.WriteAllTextAsync(Folder.In("thesis.txt"), "years of work", Cancel);

        Assert.NotEqual(0, (await LabAsync(command)).Code);

        Assert.Equal("years of work", await File.ReadAllTextAsync(Folder.In("thesis.txt"), Cancel));
    }

    [Fact]
    public async Task A_folder_too_deep_for_sockets_is_refused_with_the_reason()
    {
        var run = await Expether.RunAsync("lab", "up", "--dir", Folder.In(new string('d', 100)));

        Assert.Equal(2, run.Code);
        Assert.Contains("too long a path for sockets", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    public async Task A_state_that_nobody_can_read_is_cleared_away(string state)
    {
        Directory.CreateDirectory(Folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Folder.State, state, Cancel);

        Assert.Equal(0, (await LabAsync("down")).Code);
        Assert.False(Directory.Exists(Folder.Path));
    }

    public void Dispose() => _place.Dispose();

    private Task<Expether.Finished> LabAsync(params string[] arguments) =>
        Expether.RunAsync(["lab", arguments[0], "--dir", Folder.Path, .. arguments[1..]]);

    /// <summary>A laboratory's folder, as one leaves it that was killed (or is up, where the supervisor runs).</summary>
    private async Task LeaveAsync(ProcessIdentity? stillRuns, ProcessIdentity? supervisor = null, string? bootId = null, bool isReady = true)
    {
        var gone = ProcessIdentity.Of(Environment.ProcessId)! with { StartTicks = 1 };
        Directory.CreateDirectory(Folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        new LabState
        {
            BootId = bootId ?? ProcessIdentity.BootId,
            Supervisor = supervisor ?? gone,
            IsReady = isReady,
            Guests = [new LabGuest("guest1", 101, "disk1.vf1", 1, 1, Folder.In("console.sock"), Folder.In("shell.sock"))],
            Members = [new LabMember("guest1", "guest1", LabRole.Guest, stillRuns ?? gone)],
        }.Write(Folder);
        await File.WriteAllTextAsync(Folder.Log, "booting\n", Cancel);
    }
}
