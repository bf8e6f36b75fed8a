using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions.Sharing;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.Nvme.Tests.Driver;

/// <summary>The driver of primary controllers, on one that is not ours.</summary>
public class PhysicalFunctionTests
{
    [Fact]
    public void Resources_are_taken_from_the_primary_and_shared_evenly_and_every_controller_comes_online()
    {
        var (bus, device, physical) = Start(new ForeignNvme(secondaries: 4, flexible: 26));

        Assert.Equal("", bus.Run(() => physical.EnableAsync(3)));

        // 26 / 3 is 8, at most 6 each, in multiples of 2; the fourth VF is not used.
        Assert.Equal([6, 6, 6, 0], device.Secondaries.Select(s => (int)s.Queues));
        Assert.Equal([6, 6, 6, 0], device.Secondaries.Select(s => (int)s.Interrupts));
        Assert.Equal([true, true, true, false], device.Secondaries.Select(s => s.IsOnline));
        Assert.Equal(2, device.Enabled);
    }

    [Fact]
    public void Doing_it_again_with_other_numbers_takes_from_one_what_another_gets()
    {
        var (bus, device, physical) = Start(new ForeignNvme(secondaries: 4, flexible: 12));
        Assert.Equal("", bus.Run(() => physical.EnableAsync(2)));
        Assert.Equal([6, 6, 0, 0], device.Secondaries.Select(s => (int)s.Queues));

        Assert.Equal("", bus.Run(() => physical.EnableAsync(4)));

        Assert.Equal([2, 2, 2, 2], device.Secondaries.Select(s => (int)s.Queues));
        Assert.All(device.Secondaries, s => Assert.True(s.IsOnline));
    }

    [Fact]
    public void A_controller_that_lost_some_of_its_resources_gets_all_of_them_again()
    {
        var (bus, device, physical) = Start(new ForeignNvme(secondaries: 2, flexible: 12));
        Assert.Equal("", bus.Run(() => physical.EnableAsync(2)));
        device.Secondaries[0] = device.Secondaries[0] with { Interrupts = 1 };

        Assert.Equal("", bus.Run(() => physical.PrepareAsync(1)));

        Assert.All(device.Secondaries, s => Assert.Equal((true, 6, 6), (s.IsOnline, (int)s.Queues, (int)s.Interrupts)));
    }

    [Fact]
    public void Too_few_resources_are_told_in_words()
    {
        var (bus, _, physical) = Start(new ForeignNvme(secondaries: 4, flexible: 6));
        Assert.Contains("6 queues", bus.Run(() => physical.EnableAsync(4)), StringComparison.Ordinal);
        Assert.Contains("virtual function 5", bus.Run(() => physical.EnableAsync(5)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_without_virtualization_has_virtual_functions_that_need_nothing()
    {
        var (bus, _, physical) = Start(new ForeignNvme(2) { Commands = OptionalAdminCommands.None });
        Assert.Equal(("", ""), (bus.Run(() => physical.EnableAsync(2)), bus.Run(() => physical.PrepareAsync(1))));
    }

    [Fact]
    public void A_controller_without_namespace_management_refuses_clearly_and_still_tells_its_namespaces()
    {
        var (bus, _, physical) = Start(new ForeignNvme(2, 12) { Commands = OptionalAdminCommands.VirtualizationManagement });
        var namespaces = physical.Namespaces!;

        var inventory = bus.Run(namespaces.ListAsync);
        Assert.Equal((false, 7u), (inventory.CanManage, Assert.Single(inventory.Namespaces).Id));
        var refused = bus.Run(() => namespaces.CreateAsync(1 << 20));
        Assert.Equal(NamespaceFailure.NotSupported, refused.Failure);
        Assert.Contains("namespace management", refused.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_that_is_not_ours_cannot_resize()
    {
        var (bus, _, physical) = Start(new ForeignNvme(2, 12));
        var refused = bus.Run(() => physical.Namespaces!.ResizeAsync(7, 1 << 20));
        Assert.Equal(NamespaceFailure.NotSupported, refused.Failure);
        Assert.Contains("resize", refused.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Namespaces_are_shown_to_the_controller_of_the_virtual_function_and_what_is_so_already_succeeds()
    {
        var (bus, device, physical) = Start(new ForeignNvme(3, 18));
        Assert.Equal("", bus.Run(() => physical.EnableAsync(3)));
        var namespaces = physical.Namespaces!;

        Assert.True(bus.Run(() => namespaces.ShowAsync(7, 2, true)).IsSuccess);
        Assert.True(bus.Run(() => namespaces.ShowAsync(7, 2, true)).IsSuccess);
        Assert.Equal([device.Secondaries[1].ControllerId], device.Attached);
        var found = Assert.Single(bus.Run(namespaces.ListAsync).Namespaces);
        Assert.Equal([2], found.VisibleTo);
        Assert.Equal((2048ul * 4096, 4096), (found.Bytes, found.BlockBytes));
        Assert.NotEqual(Guid.Empty, found.Uuid);

        Assert.Equal(NamespaceFailure.InUse, bus.Run(() => namespaces.ShowAsync(7, 1, true)).Failure);
        Assert.True(bus.Run(() => namespaces.ShowAsync(7, 2, false)).IsSuccess);
        Assert.True(bus.Run(() => namespaces.ShowAsync(7, 2, false)).IsSuccess);
        Assert.Empty(device.Attached);
    }

    [Fact]
    public void A_primary_controller_that_was_reset_is_brought_back_with_all_its_secondaries()
    {
        var (bus, device, physical) = Start(new ForeignNvme(2, 12));
        Assert.Equal("", bus.Run(() => physical.EnableAsync(2)));
        var changed = 0;
        physical.Changed += () => changed++;
        device.Disable();
        Assert.All(device.Secondaries, s => Assert.False(s.IsOnline));

        Pass(bus, TimeSpan.FromSeconds(3));

        Assert.All(device.Secondaries, s => Assert.True(s.IsOnline));
        Assert.Equal(1, changed);
        Assert.Equal("", bus.Run(physical.Namespaces!.ListAsync).Failure);
    }

    [Theory]
    [InlineData(0xF_0000_0000ul, 0ul)]
    [InlineData(0ul, 0xFFFFul)]
    public void Capabilities_that_cannot_be_are_refused_in_words(ulong set, ulong clear)
    {
        // CAP.DSTRD of doorbells past the registers' end; CAP.MQES of queues of one entry.
        var device = new ForeignNvme(2, 12);
        device.Capabilities = (device.Capabilities | set) & ~clear;
        var bus = new TestDeviceBus(device);
        var function = bus.Root.Add(bus.Enumerate()[0]);
        var started = bus.Run(() => new NvmePhysicalFunctionDriver(bus.Events).StartAsync(function, "disk"));
        Assert.Contains("make no sense", started.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_that_leaves_a_command_unanswered_is_reset_and_meanwhile_refuses_in_words()
    {
        var (bus, device, physical) = Start(new ForeignNvme(2, 12));
        Assert.Equal("", bus.Run(() => physical.EnableAsync(2)));
        device.IsDeaf = true;
        var list = bus.Scheduler.Run(physical.Namespaces!.ListAsync);

        Pass(bus, TimeSpan.FromSeconds(32));
        Assert.True(list.IsCompleted);
        Assert.NotEqual("", bus.Run(() => list).Failure);
        Assert.Contains("reset", bus.Run(physical.Namespaces.ListAsync).Failure, StringComparison.Ordinal);

        device.IsDeaf = false;
        Pass(bus, TimeSpan.FromSeconds(60));
        Assert.Equal("", bus.Run(physical.Namespaces.ListAsync).Failure);
        Assert.All(device.Secondaries, s => Assert.True(s.IsOnline));
    }

    private static (TestDeviceBus Bus, ForeignNvme Device, IPhysicalFunction Physical) Start(ForeignNvme device)
    {
        var bus = new TestDeviceBus(device);
        var function = bus.Root.Add(bus.Enumerate()[0]);
        var driver = new NvmePhysicalFunctionDriver(bus.Events);
        Assert.True(driver.Matches(function));
        var started = bus.Run(() => driver.StartAsync(function, "disk"));
        Assert.Equal("", started.Failure);
        return (bus, device, started.Function!);
    }

    private static void Pass(TestDeviceBus bus, TimeSpan time) => bus.Run(async () =>
    {
        await bus.Scheduler.Delay(time);
        return 0;
    });
}
