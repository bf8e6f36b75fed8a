using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class ResetTests
{
    [Fact]
    public void A_reset_is_over_only_when_no_old_write_can_land_any_more()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        Assert.Equal(1, backend.HeldCount);
        host.Host.Write32(NvmeRegister.Cc, 0);
        host.Host.Pump();
        Assert.True(host.Status.Rdy);
        backend.ReleaseAll();
        host.Host.Pump();
        Assert.False(host.Status.Rdy);
        backend.Holds = false;
        host.Enable();
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Read(0, 1, buffer).Status);
    }

    [Fact]
    public void After_a_reset_nothing_of_an_old_command_leaves_and_late_completions_are_swallowed()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Host.IsSilent = true;
        host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        Assert.Equal(1, host.Host.OutstandingReads);
        host.Host.Write32(NvmeRegister.Cc, 0);
        Assert.False(host.Status.Rdy);
        host.Host.IsSilent = false;
        host.Host.Pump();
        Assert.Equal(1, host.Controller.Counters.StaleCompletions);
        Assert.Empty(backend.Log);
        host.Enable();
        Assert.NotEmpty(host.Identify(IdentifyCns.Controller));
    }

    [Fact]
    public void Function_level_reset_in_the_middle_of_io_gives_a_fresh_controller()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(8192);
        host.Host.IsSilent = true;
        for (var i = 0; i < 10; i++)
        {
            host.Submit(1, (byte)IoOpcode.Write, 1, dw12: 15, prp1: buffer, prp2: buffer + 4096);
        }

        host.Host.Pump();
        host.Host.StartFunctionLevelReset();
        host.Host.IsSilent = false;
        host.Host.Pump();
        Assert.Empty(backend.Log);
        host.Host.SetUp();
        Assert.Equal(0u, host.Host.Read32(NvmeRegister.Cc));
        Assert.Equal(0u, host.Host.Read32(NvmeRegister.Aqa));
        Assert.Equal(0ul, host.Host.Read64(NvmeRegister.Asq));
        Assert.False(host.Status.Rdy);
        host.Enable();
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Write(0, 16, buffer, buffer + 4096).Status);
    }

    [Fact]
    public void After_a_function_level_reset_a_new_host_has_every_tag_though_the_old_one_died_with_reads_unanswered()
    {
        var host = NvmeHost.Started(new RecordingBackend(4096));
        host.CreateQueue(1, entries: 64);
        var buffer = host.Allocate(0x20000);
        var (prp1, prp2) = host.Prps([.. Enumerable.Range(0, 32).Select(i => buffer + ((ulong)i * 4096))]);
        host.Host.SilentFrom = buffer;
        for (var i = 0; i < 4; i++)
        {
            host.Submit(1, (byte)IoOpcode.Write, 1, dw12: 255, prp1: prp1, prp2: prp2);
        }

        host.Host.Pump();
        Assert.True(host.Host.OutstandingReads > 224);
        host.Host.ForgetReads();
        host.Host.SilentFrom = ulong.MaxValue;
        host.Host.IsSilent = false;
        host.Host.StartFunctionLevelReset();
        host.Host.Advance(TimeSpan.FromMilliseconds(100));
        host.Host.SetUp();
        host.Enable();
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Write(0, 256, prp1, prp2).Status);
        host.Host.Advance(TimeSpan.FromSeconds(60));
        Assert.False(host.Status.Cfs);
        Assert.Equal(NvmeStatus.Success, host.Write(0, 256, prp1, prp2).Status);
    }

    [Fact]
    public void A_controller_reset_keeps_the_admin_queue_registers_and_power_loss_does_not()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var asq = host.Host.Read64(NvmeRegister.Asq);
        host.Host.Write32(NvmeRegister.Cc, 0);
        Assert.Equal(asq, host.Host.Read64(NvmeRegister.Asq));
        host.Host.Write32(NvmeRegister.Cc, ControllerConfiguration.Enabled(0).Value);
        Assert.True(host.Status.Rdy);
        host.Controller.Reset(host.Host.Now);
        host.Host.SetUp();
        Assert.Equal(0ul, host.Host.Read64(NvmeRegister.Asq));
        host.Enable();
        var smart = new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes));
        Assert.Equal((2ul, 1ul), (smart.PowerCycles, smart.UnsafeShutdowns));
    }

    [Fact]
    public void Shutdown_flushes_every_namespace_before_it_is_complete()
    {
        var first = new RecordingBackend(64);
        var second = new RecordingBackend(64);
        var host = NvmeHost.Started(first, second);
        first.Holds = true;
        host.Host.Write32(NvmeRegister.Cc, ControllerConfiguration.Enabled(0).With(ShutdownNotification.Normal).Value);
        host.Host.Pump();
        Assert.Equal(ShutdownStatus.Occurring, host.Status.Shst);
        first.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(ShutdownStatus.Complete, host.Status.Shst);
        Assert.Equal(BlockOperation.Flush, Assert.Single(first.Log).Operation);
        Assert.Equal(BlockOperation.Flush, Assert.Single(second.Log).Operation);
        host.Host.Write32(NvmeRegister.Cc, 0);
        Assert.Equal(ShutdownStatus.Normal, host.Status.Shst);
        first.Holds = false;
        host.Enable();
    }

    [Fact]
    public void A_controller_that_was_shut_down_while_disabled_works_once_it_is_enabled()
    {
        var host = new NvmeHost(new RecordingBackend(64));
        host.Host.SetUp();
        host.Host.Write32(NvmeRegister.Cc, default(ControllerConfiguration).With(ShutdownNotification.Normal).Value);
        host.Host.Pump();
        Assert.Equal(ShutdownStatus.Complete, host.Status.Shst);
        host.Enable();
        Assert.Equal(ShutdownStatus.Normal, host.Status.Shst);
        Assert.NotEmpty(host.Identify(IdentifyCns.Controller));
    }

    [Theory]
    [InlineData(0x0046_0011u)]
    [InlineData(0x0046_0801u)]
    [InlineData(0x0046_0281u)]
    public void Settings_that_CAP_does_not_offer_are_a_fatal_status_that_a_reset_ends(uint cc)
    {
        var host = new NvmeHost(new RecordingBackend(64));
        host.Host.SetUp();
        host.Host.Write32(NvmeRegister.Aqa, 0x000F_000F);
        host.Host.Write32(NvmeRegister.Cc, cc);
        Assert.True(host.Status.Cfs);
        Assert.Single(host.Events.Texts);
        host.Host.Write32(NvmeRegister.Cc, 0);
        Assert.False(host.Status.Cfs);
        host.Enable();
    }

    [Fact]
    public void Commands_that_cannot_be_fetched_are_a_fatal_status()
    {
        var host = new NvmeHost(new RecordingBackend(64));
        host.Host.SetUp();
        host.Host.Write32(NvmeRegister.Aqa, 0x000F_000F);
        host.Host.Write64(NvmeRegister.Asq, 0xDEAD_0000_0000);
        host.Host.Write64(NvmeRegister.Acq, host.Host.MemoryBase);
        host.Host.Write32(NvmeRegister.Cc, ControllerConfiguration.Enabled(0).Value);
        host.Host.Write32(NvmeRegister.SubmissionTail(0, 0), 1);
        host.Host.Pump();
        Assert.True(host.Status.Cfs);
        host.Host.Write32(NvmeRegister.Cc, 0);
        host.Enable();
        Assert.NotEmpty(host.Identify(IdentifyCns.Controller));
    }
}
