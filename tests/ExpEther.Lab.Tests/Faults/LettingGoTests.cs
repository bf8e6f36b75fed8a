using ExpEther.Cli.Output;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>A guest that does not let go of its function, and one that does so without being asked.</summary>
public sealed class LettingGoTests
{
    [Fact]
    public async Task What_a_stopped_guest_does_not_give_back_is_taken_and_what_a_guest_ejects_is_given_back()
    {
        await using var lab = await GuestLab.UpAsync(2);
        var function = lab.FunctionOf("guest1");
        var data = new FlushedData(lab);
        await data.WriteAsync("guest2");
        using var qmp = await GuestQmp.ConnectAsync(lab, "guest1");

        await qmp.CallAsync("stop");
        await lab.DetachAsync(function);
        Assert.Equal("-", (await lab.FunctionAsync(function)).Cell("owner"));
        Assert.Equal("quarantined", HostState.InQemu(await lab.ListAsync(lab.HostOf("guest1"))));

        // Free for others, while the guest that had it stands still.
        await lab.AttachAsync(function, "guest2");
        await lab.UntilInAsync("guest2", "[ $(ls -d /sys/class/nvme/nvme* | wc -l) = 2 ]");
        await lab.DetachAsync(function);

        await qmp.CallAsync("cont");
        await lab.UntilAsync("an empty slot", lab.HostOf("guest1"), HostState.IsAbsent);
        await data.NoDiskAsync("guest1");
        await lab.AttachAsync(function, "guest1");
        await new FlushedData(lab).WriteAsync("guest1");

        // A driver that lets go and binds again is the guest's own affair.
        await lab.InAsync("guest2", "echo 1 >/sys/bus/pci/devices/0000:03:00.0/remove");
        await data.NoDiskAsync("guest2");
        await lab.InAsync("guest2", "echo 1 >/sys/bus/pci/rescan");
        await data.CheckAsync("guest2");

        // Power off the slot: the function is given back, and comes again only when it is given again.
        await lab.InAsync("guest2", "for s in /sys/bus/pci/slots/*; do [ $(cat $s/address) != 0000:03:00 ] || echo 0 >$s/power; done");
        await lab.UntilAsync("the function to be given back", lab.Io, box => GuestLab.OfFunction(box, lab.FunctionOf("guest2")).Cell("owner") == "-");
        await lab.UntilAsync("an empty slot", lab.HostOf("guest2"), HostState.IsAbsent);
        await data.NoDiskAsync("guest2");
        await lab.AttachAsync(lab.FunctionOf("guest2"), "guest2");
        await data.CheckAsync("guest2");
    }
}
