using ExpEther.Daemon.State;

namespace ExpEther.Daemon.Tests.State;

public class StateFileTests
{
    private const string Name = "things-box.json";

    [Fact]
    public void A_second_owner_is_refused_by_the_name_of_the_first()
    {
        using var scratch = new Scratch();
        using var first = Open(scratch);

        var message = Assert.Throws<IOException>(() => Open(scratch)).Message;

        Assert.Contains("this same process", message, StringComparison.Ordinal);
        Assert.Contains("stateDirectory", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_file_by_the_folder_s_other_name_has_the_same_owner()
    {
        using var scratch = new Scratch();
        var folder = scratch.File("real");
        Directory.CreateDirectory(folder);
        Directory.CreateSymbolicLink(scratch.File("link"), folder);
        using var first = new StateFile(folder, Name, "things", 1000);

        Assert.Throws<IOException>(() => new StateFile(scratch.File("link"), Name, "things", 1000));
    }

    [Fact]
    public void An_owner_that_is_gone_keeps_nobody_out_and_other_names_never_do()
    {
        using var scratch = new Scratch();
        Open(scratch).Dispose();

        using var next = Open(scratch);
        using var other = new StateFile(scratch.Folder, "things-other.json", "things", 1000);
    }

    [Fact]
    public void A_state_that_was_there_and_is_gone_is_not_taken_for_a_first_start()
    {
        using var scratch = new Scratch();
        using (var file = Open(scratch))
        {
            Assert.Equal(StateFileCondition.Missing, file.Read().Condition);
        }

        using (var file = Open(scratch))
        {
            Assert.Equal(StateFileCondition.Missing, file.Read().Condition);
            file.Replace(1, "{}"u8);
            Assert.Equal(StateFileCondition.Whole, file.Read().Condition);
        }

        File.Delete(scratch.File(Name));
        using (var file = Open(scratch))
        {
            Assert.Equal(StateFileCondition.Lost, file.Read().Condition);
            Assert.Equal("", file.SetAside());
        }
    }

    [Fact]
    public void A_damaged_file_is_kept_aside_and_so_are_nine_of_them_and_no_more()
    {
        using var scratch = new Scratch();
        using var file = Open(scratch);
        for (var number = 1; number <= 9; number++)
        {
            File.WriteAllText(file.FilePath, $"bad {number}");
            Assert.Equal(scratch.File($"things-box.bad-{number}"), file.SetAside());
        }

        File.WriteAllText(file.FilePath, "bad 10");
        Assert.Contains("remove", Assert.Throws<IOException>(file.SetAside).Message, StringComparison.Ordinal);
        Assert.Equal("bad 10", File.ReadAllText(file.FilePath));
        Assert.Equal("bad 1", File.ReadAllText(scratch.File("things-box.bad-1")));
    }

    [Fact]
    public void A_file_that_is_too_long_or_a_folder_is_damaged_and_says_so()
    {
        using var scratch = new Scratch();
        using var file = Open(scratch);
        File.WriteAllBytes(file.FilePath, new byte[1001]);
        Assert.Contains("1001 bytes", file.Read().Problem, StringComparison.Ordinal);
        File.Delete(file.FilePath);
        Directory.CreateDirectory(file.FilePath);
        Assert.Equal(StateFileCondition.Damaged, file.Read().Condition);
    }

    private static StateFile Open(Scratch scratch) => new(scratch.Folder, Name, "things", 1000);
}
