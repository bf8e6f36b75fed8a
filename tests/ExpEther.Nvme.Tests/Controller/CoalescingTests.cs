using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Interrupt coalescing (NVMe 1.4 §5.21.1.8, §5.21.1.9): off by default, per vector, bounded by its time.</summary>
public sealed class CoalescingTests
{
    private const uint Interrupt1 = 0x101;

    [Fact]
    public void Without_it_every_completion_has_its_interrupt_at_once()
    {
        var host = Started(threshold: 0, hundredMicroseconds: 0);
        Read(host, 3);
        Assert.Equal([Interrupt1, Interrupt1, Interrupt1], host.Host.Interrupts);
    }

    [Fact]
    public void The_interrupt_comes_with_the_entry_that_reaches_the_threshold()
    {
        var host = Started(threshold: 3, hundredMicroseconds: 10);
        Read(host, 3);
        Assert.Empty(host.Host.Interrupts);
        Read(host, 1);
        Assert.Equal([Interrupt1], host.Host.Interrupts);
        Read(host, 4);
        Assert.Equal([Interrupt1, Interrupt1], host.Host.Interrupts);
    }

    [Fact]
    public void The_interrupt_comes_at_the_end_of_the_time_though_fewer_entries_are_there()
    {
        var host = Started(threshold: 255, hundredMicroseconds: 10);
        Assert.Null(host.Controller.NextDeadline);
        Read(host, 2);
        var due = host.Controller.NextDeadline;
        Assert.NotNull(due);
        Assert.Empty(host.Host.Interrupts);
        host.Host.Advance(due.Value - host.Host.Now - TimeSpan.FromMicroseconds(1));
        Assert.Empty(host.Host.Interrupts);
        host.Host.Advance(TimeSpan.FromMicroseconds(1));
        Assert.Equal([Interrupt1], host.Host.Interrupts);
        Assert.Null(host.Controller.NextDeadline);
    }

    [Fact]
    public void A_vector_whose_coalescing_is_disabled_and_the_admin_queue_are_not_held()
    {
        var host = Started(threshold: 10, hundredMicroseconds: 10);
        host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.InterruptVectorConfiguration, dw11: 1 | (1u << 16));
        host.Host.Interrupts.Clear();
        Read(host, 1);
        Assert.Equal([Interrupt1], host.Host.Interrupts);
        host.Admin(AdminOpcode.GetFeatures, dw10: (uint)FeatureId.InterruptCoalescing);
        Assert.Equal([Interrupt1, 0x100u], host.Host.Interrupts);
    }

    [Fact]
    public void A_reset_forgets_what_was_held()
    {
        var host = Started(threshold: 10, hundredMicroseconds: 10);
        Read(host, 1);
        host.Host.Write32(NvmeRegister.Cc, 0);
        host.Host.Pump();
        Assert.Null(host.Controller.NextDeadline);
        host.Enable();
        Assert.Equal(0u, host.Admin(AdminOpcode.GetFeatures, dw10: (uint)FeatureId.InterruptCoalescing).Result);
    }

    private static NvmeHost Started(uint threshold, uint hundredMicroseconds)
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        var value = threshold | (hundredMicroseconds << 8);
        Assert.True(host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.InterruptCoalescing, dw11: value).Status.IsSuccess);
        Assert.Equal(value, host.Admin(AdminOpcode.GetFeatures, dw10: (uint)FeatureId.InterruptCoalescing).Result);
        host.Host.Interrupts.Clear();
        return host;
    }

    private static void Read(NvmeHost host, int commands)
    {
        for (var i = 0; i < commands; i++)
        {
            Assert.Equal(NvmeStatus.Success, host.Read(0, 1, host.Allocate(4096)).Status);
        }
    }
}
