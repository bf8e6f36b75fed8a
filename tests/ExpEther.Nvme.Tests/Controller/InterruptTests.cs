using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;
using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class InterruptTests
{
    [Fact]
    public void Data_comes_before_the_completion_entry_and_that_before_the_interrupt()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var queue = host.CreateQueue(1);
        var buffer = host.Allocate(8192);
        host.Host.Interrupts.Clear();
        host.Host.RecordsTraffic = true;
        host.Submit(1, (byte)IoOpcode.Read, 1, dw12: 15, prp1: buffer, prp2: buffer + 4096);
        host.Host.Pump();
        var writes = host.Host.Writes;
        Assert.Equal((queue.CompletionBase, 16), writes[^1]);
        Assert.Equal(8192, writes[..^1].Sum(w => w.Bytes));
        Assert.Equal([0x101u], host.Host.Interrupts);
    }

    [Fact]
    public void A_masked_vector_stays_pending_and_is_delivered_once_after_the_unmask()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        host.Host.Interrupts.Clear();
        host.Host.SetVector(1, masked: true);
        var buffer = host.Allocate(4096);
        host.Read(0, 1, buffer);
        host.Read(0, 1, buffer);
        Assert.Empty(host.Host.Interrupts);
        Assert.True(host.Host.IsPending(1));
        host.Host.SetVector(1, masked: false);
        host.Host.Pump();
        Assert.Equal([0x101u], host.Host.Interrupts);
        Assert.False(host.Host.IsPending(1));
    }

    [Fact]
    public void Without_bus_mastering_the_device_sends_no_request()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        host.Host.Interrupts.Clear();
        host.Host.RecordsTraffic = true;
        host.Host.WriteConfig(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        var id = host.Submit(1, (byte)IoOpcode.Read, 1, prp1: host.Allocate(4096));
        host.Host.Pump();
        Assert.Empty(host.Host.Reads);
        Assert.Empty(host.Host.Writes);
        Assert.Empty(host.Host.Interrupts);
        Assert.True(host.Status.Rdy);
        host.Host.WriteConfig(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, id).Status);
    }
}
