using ExpEther.Linux.Accounts;

namespace ExpEther.Linux.Tests.Accounts;

public class AccountNamesTests
{
    [Fact]
    public void Names_and_numbers_of_users_and_groups_are_found()
    {
        Assert.True(AccountNames.TryFindUser("root", out var root));
        Assert.Equal(0u, root);
        Assert.True(AccountNames.TryFindGroup("root", out var group));
        Assert.Equal(0u, group);
        Assert.True(AccountNames.TryFindUser("1234", out var user));
        Assert.Equal(1234u, user);
    }

    [Fact]
    public void An_unknown_name_is_not_found()
    {
        Assert.False(AccountNames.TryFindUser("nobody-has-this-name", out _));
        Assert.False(AccountNames.TryFindGroup("nobody-has-this-name", out _));
    }

    [Fact]
    public void A_file_is_given_to_a_group_of_its_owner()
    {
        var file = Path.GetTempFileName();
        FileOwner.Change(file, null, null);
        var error = Record.Exception(() => FileOwner.Change(file + "-missing", 0, 0));
        File.Delete(file);

        Assert.IsType<LinuxException>(error);
    }
}
