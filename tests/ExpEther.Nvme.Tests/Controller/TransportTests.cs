using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>The controller as a PCI Express endpoint: limits of its requests, errors of others.</summary>
public sealed class TransportTests
{
    [Theory]
    [InlineData(128, 128)]
    [InlineData(512, 1024)]
    [InlineData(4096, 4096)]
    public void Requests_obey_the_sizes_software_set_the_4K_rule_and_the_tag_space(int maxPayloadBytes, int maxReadRequestBytes)
    {
        var host = new NvmeHost(new RecordingBackend(4096));
        host.Start(maxPayloadBytes, maxReadRequestBytes);
        host.CreateQueue(1);
        var pages = Enumerable.Range(0, 33).Select(_ => host.Allocate(4096)).ToArray();
        pages[0] += 2052;
        var (prp1, prp2) = host.Prps(pages);
        host.Host.RecordsTraffic = true;
        host.Host.IsSilent = true;
        for (var i = 0; i < 8; i++)
        {
            host.Submit(1, (byte)IoOpcode.Write, 1, dw12: 255, prp1: prp1, prp2: prp2);
        }

        host.Host.Pump();
        host.Host.IsSilent = false;
        host.Host.Pump();
        host.Submit(1, (byte)IoOpcode.Read, 1, dw12: 255, prp1: prp1, prp2: prp2);
        host.Host.Pump();
        Assert.InRange(host.Host.OutstandingReadsMax, 1, 256);
        Assert.All(host.Host.Reads, r => Assert.True(r.Bytes <= maxReadRequestBytes && (r.Address & 4095) + (ulong)r.Bytes <= 4096 && r.Tag < 256));
        Assert.All(host.Host.Writes, w => Assert.True(w.Bytes <= maxPayloadBytes && (w.Address & 4095) + (ulong)w.Bytes <= 4096));
        var ended = 0;
        while (host.Queue(1).TryTake(out var entry))
        {
            Assert.Equal(NvmeStatus.Success, entry.Status);
            ended++;
        }

        Assert.Equal(9, ended);
    }

    [Theory]
    [InlineData("02000001 0000070F 00001000", "0A000000 05002004 00000700")]
    [InlineData("42000001 0000070F 00001000 00000000", "0A000000 05002004 00000700")]
    [InlineData("01000002 000007FE 00001000", "0A000000 05002007 00000701")]
    public void Requests_of_kinds_that_no_endpoint_serves_are_answered_with_unsupported_request(string request, string answer)
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.Host.Send(Convert.FromHexString(request.Replace(" ", "", StringComparison.Ordinal)));
        var tlp = new byte[TlpLimits.BytesMax];
        Assert.True(host.Controller.TryTake(host.Host.Now, tlp, out var length));
        Assert.Equal(answer.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(tlp.AsSpan(0, length)));
        Assert.Equal((1, 0), (host.Controller.Counters.UnsupportedRequests, host.Controller.Counters.MalformedTlps));
    }

    [Fact]
    public void Transactions_pending_tells_of_reads_without_their_completions()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        var status = host.Host.FindCapability(CapabilityId.PciExpress) + PcieRegister.DeviceControl;
        bool IsPending() => (host.Host.ReadConfig(status) >> 16 & PcieRegister.DeviceStatusTransactionsPending) != 0;
        Assert.False(IsPending());
        host.Host.IsSilent = true;
        host.Submit(1, (byte)IoOpcode.Write, 1, prp1: host.Allocate(4096));
        host.Host.Pump();
        Assert.True(IsPending());
        host.Host.IsSilent = false;
        host.Host.Pump();
        Assert.False(IsPending());
    }

    [Fact]
    public void Commands_are_fetched_in_bursts()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        host.Host.WriteConfig(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        for (var i = 0; i < 8; i++)
        {
            host.Submit(1, (byte)IoOpcode.Flush, 1);
        }

        host.Host.RecordsTraffic = true;
        host.Host.WriteConfig(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        host.Host.Pump();
        Assert.Equal([512], host.Host.Reads.Select(r => r.Bytes));
    }

    [Fact]
    public void Without_extended_tags_only_32_are_used()
    {
        var host = NvmeHost.Started(new RecordingBackend(4096));
        host.CreateQueue(1);
        var control = host.Host.FindCapability(CapabilityId.PciExpress) + 8;
        host.Host.WriteConfig(control, host.Host.ReadConfig(control) & 0xFFFF & ~0x100u, 0b0011);
        var pages = Enumerable.Range(0, 32).Select(_ => host.Allocate(4096)).ToArray();
        var (prp1, prp2) = host.Prps(pages);
        host.Host.RecordsTraffic = true;
        Assert.Equal(NvmeStatus.Success, host.Write(0, 256, prp1, prp2).Status);
        Assert.All(host.Host.Reads, r => Assert.True(r.Tag < 32));
    }

    [Fact]
    public void A_read_that_is_never_answered_fails_its_command_at_the_timeout_and_its_tag_stays_out_of_use()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Host.RecordsTraffic = true;
        host.Host.SilentFrom = buffer;
        var id = host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        host.Host.SilentFrom = ulong.MaxValue;
        var lost = host.Host.Reads[^1].Tag;
        Assert.NotNull(host.Controller.NextDeadline);
        host.Host.Advance(TimeSpan.FromSeconds(26));
        Assert.True(host.Expect(1, id).Status.Is(NvmeStatus.DataTransferError));
        Assert.Equal(1, host.Controller.Counters.DmaReadTimeouts);
        Assert.Null(host.Controller.NextDeadline);
        Assert.Equal(1u << (int)UncorrectableError.CompletionTimeout, UncorrectableStatus(host));
        host.Host.Reads.Clear();
        host.Host.ForgetReads();
        host.Host.IsSilent = false;
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(NvmeStatus.Success, host.Write(0, 1, buffer).Status);
        }

        Assert.DoesNotContain(host.Host.Reads, r => r.Tag == lost);
    }

    [Fact]
    public void Poisoned_data_fails_the_write_and_reaches_no_backend()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Host.SilentFrom = buffer;
        var id = host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        host.Host.Poisons = true;
        host.Host.IsSilent = false;
        host.Host.SilentFrom = ulong.MaxValue;
        while (host.Host.OutstandingReads > 0)
        {
            host.Host.PumpOnce();
        }

        host.Host.Poisons = false;
        host.Host.Pump();
        Assert.True(host.Expect(1, id).Status.Is(NvmeStatus.DataTransferError));
        Assert.Empty(backend.Log);
        Assert.Equal(1u << (int)UncorrectableError.PoisonedTlpReceived, UncorrectableStatus(host));
    }

    [Fact]
    public void Unexpected_completions_are_counted_and_change_nothing()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        Span<byte> tlp = stackalloc byte[64];
        var length = new Completion(TlpHost.Self, TlpHost.DeviceRid, new Tag(7), CompletionStatus.SuccessfulCompletion, 4).Write(tlp, new byte[4]);
        var before = host.Controller.Counters.UnexpectedCompletions;
        host.Host.Send(tlp[..length]);
        Assert.Equal(before + 1, host.Controller.Counters.UnexpectedCompletions);
        Assert.NotEmpty(host.Identify(IdentifyCns.Controller));
    }

    [Fact]
    public void Requests_beside_the_BAR_are_unsupported_and_answered()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        Assert.Equal(CompletionStatus.UnsupportedRequest, host.Host.TryReadMemory(0x1234_0000, 4, out _));
        host.Host.WriteMemory(0x1234_0000, new byte[4]);
        Span<byte> tlp = stackalloc byte[64];
        var length = new ConfigRead(TlpHost.Self, new Tag(0x80), TlpHost.DeviceRid, 0, true).Write(tlp);
        host.Host.Send(tlp[..length]);
        host.Host.Pump();
        Assert.Equal(3, host.Controller.Counters.UnsupportedRequests);
    }

    [Fact]
    public void A_long_read_of_the_BAR_is_split_and_holds_what_single_reads_hold()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        Assert.Equal(CompletionStatus.SuccessfulCompletion, host.Host.TryReadMemory(TlpHost.BarBase, 2048, out var data));
        Assert.Equal(2048, data.Length);
        Assert.Equal(host.Host.Read64(NvmeRegister.Cap), BitConverter.ToUInt64(data));
        Assert.Equal(host.Host.Read32(NvmeRegister.Cc), BitConverter.ToUInt32(data, NvmeRegister.Cc));
    }

    private static uint UncorrectableStatus(NvmeHost host)
    {
        var at = 0x100;
        while ((host.Host.ReadConfig(at) & 0xFFFF) != (int)ExtendedCapabilityId.AdvancedErrorReporting)
        {
            at = (int)(host.Host.ReadConfig(at) >> 20);
            Assert.NotEqual(0, at);
        }

        return host.Host.ReadConfig(at + 4);
    }
}
