using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class AsyncEventTests
{
    [Fact]
    public void Wrong_doorbells_raise_events_that_stay_masked_until_the_log_is_read()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var first = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Write32(NvmeRegister.SubmissionTail(5, 0), 1);
        host.Host.Pump();
        var reported = host.Expect(0, first);
        Assert.Equal(AsyncEvent.InvalidDoorbellRegister, AsyncEvent.FromResult(reported.Result));

        var second = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Write32(NvmeRegister.SubmissionTail(0, 0), NvmeHost.QueueEntries);
        host.Host.Pump();
        Assert.False(host.Queue(0).TryTake(out _));
        // Reading with Retain Asynchronous Event does not re-arm, reading without does.
        Assert.Equal(2ul, ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64, retain: true)).ErrorCount);
        var at = host.Allocate(4096);
        var read = host.Submit(0, (byte)AdminOpcode.GetLogPage, dw10: 1 | (15u << 16), prp1: at);
        host.Host.Pump();
        Assert.True(host.Queue(0).TryTake(out var one));
        Assert.True(host.Queue(0).TryTake(out var two));
        var entries = new[] { one, two }.ToDictionary(e => e.CommandId);
        Assert.True(entries[read].Status.IsSuccess);
        Assert.Equal(AsyncEvent.InvalidDoorbellValue, AsyncEvent.FromResult(entries[second].Result));
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(16u)]
    [InlineData(0xFFFF_FFFFu)]
    public void A_completion_head_past_the_entries_is_refused(uint value)
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        var before = host.Controller.Counters.InvalidDoorbells;
        host.Host.Write32(NvmeRegister.CompletionHead(1, 0), value);
        Assert.Equal(before + 1, host.Controller.Counters.InvalidDoorbells);
        Assert.Equal(NvmeStatus.Success, host.Read(0, 1, host.Allocate(4096)).Status);
    }

    [Fact]
    public void A_change_of_write_protection_is_a_notice_with_the_namespace_in_its_list()
    {
        var host = NvmeHost.Started(new RecordingBackend(64), new RecordingBackend(64));
        host.CreateQueue(1);
        host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.AsynchronousEventConfiguration, dw11: 0x100);
        var request = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Pump();
        Assert.True(host.Controller.SetNamespaceReadOnly(2, true));
        Assert.False(host.Controller.SetNamespaceReadOnly(3, true));
        host.Host.Pump();
        Assert.Equal(AsyncEvent.NamespaceAttributeChanged, AsyncEvent.FromResult(host.Expect(0, request).Result));
        Assert.True(new IdentifyNamespace(host.Identify(IdentifyCns.Namespace, 2)).IsWriteProtected);
        Assert.True(host.Write(0, 1, host.Allocate(4096), nsid: 2).Status.Is(NvmeStatus.NamespaceIsWriteProtected));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32LittleEndian(host.LogPage(LogPageId.ChangedNamespaceList, 8)));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(host.LogPage(LogPageId.ChangedNamespaceList, 8)));
    }

    [Fact]
    public void A_temperature_threshold_below_the_temperature_is_a_health_event_and_a_critical_warning()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.AsynchronousEventConfiguration, dw11: 0x02);
        var request = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Pump();
        var set = host.Submit(0, (byte)AdminOpcode.SetFeatures, dw10: (uint)FeatureId.TemperatureThreshold, dw11: 200);
        host.Host.Pump();
        Assert.True(host.Queue(0).TryTake(out var one));
        Assert.True(host.Queue(0).TryTake(out var two));
        Assert.Equal([request, set], new[] { one.CommandId, two.CommandId }.Order());
        Assert.Equal(AsyncEvent.TemperatureThreshold, AsyncEvent.FromResult((one.CommandId == request ? one : two).Result));
        Assert.Equal(2, new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes)).CriticalWarning & 2);
    }
}
