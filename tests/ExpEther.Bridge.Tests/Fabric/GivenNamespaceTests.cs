using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Namespaces;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A host with several functions of one device: by which of them it sees a private namespace.</summary>
public class GivenNamespaceTests
{
    [Fact]
    public void With_two_functions_an_owner_has_its_namespaces_at_the_first_until_that_goes()
    {
        var shared = new SharedDisk();
        shared.Attach(2, 1);
        var mine = shared.Create(1);
        var second = shared.Attach(1, 1);
        Assert.Contains("disk.vf2", second.Message, StringComparison.Ordinal);
        Assert.Equal([1u], shared.Host(1).Nvme.Disks[1].Namespaces.Select(n => n.Id));
        Assert.Equal(["disk.vf2"], shared.Status(mine)!.Functions);

        Assert.True(shared.Fabric.Run(() => shared.Bridge.DetachAsync("disk.vf2")).Ok);
        shared.Fabric.Until(() => shared.Host(1).Disks == 1 && shared.SeenBy(1).Length == 2);
        Assert.Equal(["disk.vf1"], shared.Status(mine)!.Functions);
    }

    [Fact]
    public void A_namespace_given_to_a_function_stays_with_it_over_restarts_and_comes_back_with_it()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 1);
        var first = shared.Create(1);
        var made = shared.Do(b => b.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1", "disk.vf2"));
        Assert.True(made.Ok, made.Message);
        var second = made.Namespace!.Id;
        Assert.Equal(("disk.vf2", "disk.vf2"), (made.Namespace.GivenTo, Assert.Single(made.Namespace.Functions)));
        shared.Fabric.Until(() => SeenBy(shared, 0) is [1, var own] && own == first && SeenBy(shared, 1) is [1, var given] && given == second);
        Assert.Equal([second], shared.Bridge.Status().Functions.Single(f => f.Name == "disk.vf2").GivenNamespaces);

        shared.Restart();
        shared.Fabric.Until(() => shared.Bridge.Status().Functions.Count(f => f.State == FunctionState.Presented) == 2);
        Assert.Equal("disk.vf2", Assert.Single(shared.Status(second)!.Functions));
        Assert.Equal("disk.vf1", Assert.Single(shared.Status(first)!.Functions));

        // Its function goes: it is nowhere until the function is back, and that is said.
        var gone = shared.Fabric.Run(() => shared.Bridge.DetachAsync("disk.vf2"));
        Assert.True(gone.Ok, gone.Message);
        Assert.Contains($"namespace give disk {second} host1", gone.Message, StringComparison.Ordinal);
        shared.Fabric.Until(() => shared.Host(1).Disks == 1);
        Assert.Equal((0, "host1", "disk.vf2"), (shared.Status(second)!.Functions.Count, shared.Status(second)!.Owner, shared.Status(second)!.GivenTo));
        shared.Attach(2, 3);
        Assert.Empty(shared.Status(second)!.Functions);
        Assert.True(shared.Fabric.Run(() => shared.Bridge.DetachAsync("disk.vf2")).Ok);
        shared.Attach(2, 1);
        Assert.Equal(["disk.vf2"], shared.Status(second)!.Functions);

        // A move takes it along, and it is still that function's.
        Assert.True(shared.Fabric.Run(() => shared.Bridge.MoveAsync("disk.vf2", "host2")).Ok);
        shared.Fabric.Until(() => shared.Host(2).Disks == 1);
        Assert.Equal([1, second], shared.SeenBy(2));
        Assert.Equal(("host2", "disk.vf2"), (shared.Status(second)!.Owner, shared.Status(second)!.GivenTo));
    }

    [Fact]
    public void A_namespace_goes_to_another_function_of_its_owner_by_command_and_a_used_one_only_by_force()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 1);
        shared.Attach(3, 2);
        var mine = shared.Create(1);
        Assert.True(shared.Write(1, mine, seed: 4).IsSuccess);

        NamespaceReply Give(string host, string? function, bool force = false) =>
            shared.Do(b => b.GiveNamespaceAsync("disk", mine, host, force, function));
        var used = Give("host1", "disk.vf2");
        Assert.Equal(RefusalCode.NamespaceInUse, used.Code);
        Assert.Contains("disk.vf1", used.Message, StringComparison.Ordinal);
        Assert.Contains("--function disk.vf2 --force", used.Remedy, StringComparison.Ordinal);
        var unknown = Give("host1", "disk.vf9");
        Assert.Equal(RefusalCode.NoSuchFunction, unknown.Code);
        Assert.Contains("disk.vf1, disk.vf2", unknown.Remedy, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.PhysicalFunction, Give("host1", "disk").Code);
        var other = Give("host1", "disk.vf3", force: true);
        Assert.Equal(RefusalCode.AlreadyOwned, other.Code);
        Assert.Contains("host2", other.Message, StringComparison.Ordinal);
        Assert.Contains("disk.vf1, disk.vf2", other.Remedy, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.AlreadyOwned, Give("host2", "disk.vf3").Code);
        Assert.Equal(
            RefusalCode.NoSuchFunction, shared.Do(b => b.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1", "disk.vf9")).Code);
        Assert.Equal(["disk.vf1"], shared.Status(mine)!.Functions);
        Assert.Null(shared.Status(mine)!.GivenTo);

        Assert.True(Give("host1", "disk.vf1").Ok, "it is seen there already");
        Assert.True(Give("host1", "disk.vf2", force: true).Ok);
        shared.Fabric.Until(() => SeenBy(shared, 0).Length == 1 && SeenBy(shared, 1) is [1, var id] && id == mine);
        var (result, isRight) = shared.Fabric.Run(() => TestDisk.VerifyAsync(shared.Host(1), shared.Host(1).Nvme.Disks[1], 0, 8, 4, mine));
        Assert.True(result.IsSuccess && isRight);
        Assert.True(Give("host1", "disk.vf2").Ok, "a command whose answer was lost is repeated");

        // Given to none of them it stays where it is, and follows its owner to what it has.
        Assert.True(Give("host1", null).Ok);
        Assert.Equal((null, "disk.vf2"), (shared.Status(mine)!.GivenTo, Assert.Single(shared.Status(mine)!.Functions)));
        Assert.Equal("", shared.Fabric.Run(() => shared.Bridge.DetachAsync("disk.vf2")).Message);
        shared.Fabric.Until(() => SeenBy(shared, 0).Length == 2);
    }

    private static uint[] SeenBy(SharedDisk shared, int disk) => [.. shared.Host(1).Nvme.Disks[disk].Namespaces.Select(n => n.Id)];
}
