using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Every wrong command ends at once with the status that NVMe 1.4 gives it, and the controller goes on.</summary>
public sealed class InvalidCommandTests
{
    private const int Blocks = 4096;

    // DW11 of Dataset Management, as the high half of the cases' LBA.
    private const ulong Deallocate = 4UL << 32;

    private static NvmeHost WithQueue()
    {
        var host = new NvmeHost(
            0, o => o with { Namespaces = [.. o.Namespaces, new NvmeNamespaceOptions { Backend = new RecordingBackend(64), ReadOnly = true }] },
            new RecordingBackend(Blocks));
        host.Start();
        host.CreateQueue(1);
        return host;
    }

    public static TheoryData<byte, uint, uint, uint, uint, ulong, ushort> AdminCases()
    {
        var data = new TheoryData<byte, uint, uint, uint, uint, ulong, ushort>();
        void Add(AdminOpcode opcode, uint nsid, uint dw10, uint dw11, NvmeStatus status, uint dw12 = 0, ulong prp1 = 0x1_0020_0000) =>
            data.Add((byte)opcode, nsid, dw10, dw11, dw12, prp1, status.Value);

        Add((AdminOpcode)0x7F, 0, 0, 0, NvmeStatus.InvalidCommandOpcode);
        Add((AdminOpcode)0x10, 0, 0, 0, NvmeStatus.InvalidCommandOpcode);
        Add(AdminOpcode.Identify, 0, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.Identify, 3, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.Identify, 0xFFFF_FFFF, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.Identify, 0xFFFF_FFFE, 2, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.Identify, 9, 3, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.Identify, 0, 0x55, 0, NvmeStatus.InvalidField);
        Add(AdminOpcode.Identify, 0, 1, 0, NvmeStatus.PrpOffsetInvalid, prp1: 0x1_0020_0002);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0000, 3, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0001, 3, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0009, 3, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x0000_0002, 3, NvmeStatus.InvalidQueueSize);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x0400_0002, 3, NvmeStatus.InvalidQueueSize);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0002, 2, NvmeStatus.InvalidField);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0002, 0x0009_0003, NvmeStatus.InvalidInterruptVector);
        Add(AdminOpcode.CreateIoCompletionQueue, 0, 0x000F_0002, 3, NvmeStatus.PrpOffsetInvalid, prp1: 0x1_0020_0100);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x000F_0001, 0x0001_0001, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x000F_0002, 0x0000_0001, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x000F_0002, 0x0005_0001, NvmeStatus.CompletionQueueInvalid);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x0000_0002, 0x0001_0001, NvmeStatus.InvalidQueueSize);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x000F_0002, 0x0001_0000, NvmeStatus.InvalidField);
        Add(AdminOpcode.CreateIoSubmissionQueue, 0, 0x000F_0002, 0x0001_0001, NvmeStatus.PrpOffsetInvalid, prp1: 0x1_0020_0800);
        Add(AdminOpcode.DeleteIoSubmissionQueue, 0, 0, 0, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.DeleteIoSubmissionQueue, 0, 2, 0, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.DeleteIoCompletionQueue, 0, 0, 0, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.DeleteIoCompletionQueue, 0, 2, 0, NvmeStatus.InvalidQueueIdentifier);
        Add(AdminOpcode.DeleteIoCompletionQueue, 0, 1, 0, NvmeStatus.InvalidQueueDeletion);
        Add(AdminOpcode.GetLogPage, 0, 0x0010_0077, 0, NvmeStatus.InvalidLogPage);
        Add(AdminOpcode.GetLogPage, 0, 0xFFFF_0002, 1, NvmeStatus.InvalidField);
        Add(AdminOpcode.GetLogPage, 0, 0x0010_0002, 0, NvmeStatus.InvalidField, dw12: 516);
        Add(AdminOpcode.GetLogPage, 1, 0x0010_0002, 0, NvmeStatus.InvalidField);
        Add(AdminOpcode.GetFeatures, 0, 0x77, 0, NvmeStatus.InvalidField);
        Add(AdminOpcode.GetFeatures, 0, 0x0701, 0, NvmeStatus.InvalidField);
        Add(AdminOpcode.GetFeatures, 0, 0x09, 99, NvmeStatus.InvalidField);
        Add(AdminOpcode.GetFeatures, 7, 0x05, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(AdminOpcode.SetFeatures, 0, 0x77, 0, NvmeStatus.InvalidField);
        Add(AdminOpcode.SetFeatures, 0, 0x8000_0006, 1, NvmeStatus.FeatureIdentifierNotSaveable);
        Add(AdminOpcode.SetFeatures, 1, 0x06, 1, NvmeStatus.FeatureNotNamespaceSpecific);
        Add(AdminOpcode.SetFeatures, 0, 0x02, 1, NvmeStatus.InvalidField);
        Add(AdminOpcode.SetFeatures, 0, 0x07, 0x0000_FFFF, NvmeStatus.InvalidField);
        Add(AdminOpcode.SetFeatures, 0, 0x07, 0x0003_0003, NvmeStatus.CommandSequenceError);
        Add(AdminOpcode.SetFeatures, 0, 0x04, 0x0030_0000, NvmeStatus.InvalidField);
        Add(AdminOpcode.SetFeatures, 1, 0x05, 0x0001_0000, NvmeStatus.InvalidField);
        return data;
    }

    [Theory]
    [MemberData(nameof(AdminCases))]
    public void Admin_command_gets_its_status(byte opcode, uint nsid, uint dw10, uint dw11, uint dw12, ulong prp1, ushort status)
    {
        var host = WithQueue();
        var wanted = new NvmeStatus(status);
        var entry = host.Admin((AdminOpcode)opcode, nsid, dw10, dw11, dw12, prp1: prp1);
        Assert.True(entry.Status.Is(wanted), $"{entry.Status}, not {wanted}");
        Assert.Equal(wanted.DoNotRetry, entry.Status.DoNotRetry);
        Assert.True(entry.Status.More);
        var log = ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64));
        Assert.Equal(entry.CommandId, log.CommandId);
        Assert.True(log.Status.Is(wanted));
        Assert.Equal("TEST-1", new IdentifyController(host.Identify(IdentifyCns.Controller)).SerialNumber);
    }

    public static TheoryData<byte, byte, uint, ulong, uint, ulong, ulong, ushort> IoCases()
    {
        var data = new TheoryData<byte, byte, uint, ulong, uint, ulong, ulong, ushort>();
        void Add(IoOpcode opcode, uint nsid, ulong lba, uint dw12, NvmeStatus status, byte flags = 0, ulong prp1 = 0x1_0020_0000, ulong prp2 = 0) =>
            data.Add((byte)opcode, flags, nsid, lba, dw12, prp1, prp2, status.Value);

        Add((IoOpcode)0x44, 1, 0, 0, NvmeStatus.InvalidCommandOpcode);
        Add(IoOpcode.WriteUncorrectable, 1, 0, 0, NvmeStatus.InvalidCommandOpcode);
        Add(IoOpcode.Compare, 3, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Compare, 1, Blocks - 1, 1, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.Compare, 1, 0, 512, NvmeStatus.InvalidField);
        Add(IoOpcode.Compare, 1, 0, 0, NvmeStatus.DataTransferError, prp1: 0x9_0000_0000);
        Add(IoOpcode.Verify, 3, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Verify, 1, Blocks - 1, 1, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.DatasetManagement, 3, Deallocate, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.DatasetManagement, 0xFFFF_FFFF, Deallocate, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.DatasetManagement, 2, Deallocate, 0, NvmeStatus.NamespaceIsWriteProtected);
        Add(IoOpcode.DatasetManagement, 1, Deallocate, 0, NvmeStatus.PrpOffsetInvalid, prp1: 0x1_0020_0002);
        Add(IoOpcode.DatasetManagement, 1, Deallocate, 0, NvmeStatus.DataTransferError, prp1: 0x9_0000_0000);
        Add(IoOpcode.Read, 1, 0, 0, NvmeStatus.InvalidField, flags: 1);
        Add(IoOpcode.Read, 1, 0, 0, NvmeStatus.InvalidField, flags: 0x40);
        Add(IoOpcode.Read, 0, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Read, 3, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Write, 0xFFFF_FFFF, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Flush, 0, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Flush, 3, 0, 0, NvmeStatus.InvalidNamespaceOrFormat);
        Add(IoOpcode.Read, 1, Blocks, 0, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.Read, 1, Blocks - 1, 1, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.Write, 1, ulong.MaxValue, 7, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.WriteZeroes, 1, Blocks - 1, 1, NvmeStatus.LbaOutOfRange);
        Add(IoOpcode.Read, 1, 0, 512, NvmeStatus.InvalidField);
        Add(IoOpcode.Write, 2, 0, 0, NvmeStatus.NamespaceIsWriteProtected);
        Add(IoOpcode.WriteZeroes, 2, 0, 0, NvmeStatus.NamespaceIsWriteProtected);
        Add(IoOpcode.Read, 1, 0, 0, NvmeStatus.PrpOffsetInvalid, prp1: 0x1_0020_0001);
        Add(IoOpcode.Read, 1, 0, 15, NvmeStatus.PrpOffsetInvalid, prp2: 0x1_0020_1200);
        Add(IoOpcode.Write, 1, 0, 31, NvmeStatus.PrpOffsetInvalid, prp2: 0x1_0020_1004);
        Add(IoOpcode.Write, 1, 0, 0, NvmeStatus.DataTransferError, prp1: 0x9_0000_0000);
        Add(IoOpcode.Write, 1, 0, 31, NvmeStatus.DataTransferError, prp2: 0x9_0000_0000);
        Add(IoOpcode.Read, 1, 0, 31, NvmeStatus.DataTransferError, prp2: 0x9_0000_0000);
        return data;
    }

    [Theory]
    [MemberData(nameof(IoCases))]
    public void Io_command_gets_its_status(byte opcode, byte flags, uint nsid, ulong lba, uint dw12, ulong prp1, ulong prp2, ushort status)
    {
        var host = WithQueue();
        var wanted = new NvmeStatus(status);
        var entry = host.Run(1, opcode, nsid, (uint)lba, (uint)(lba >> 32), dw12, 0, prp1, prp2, flags);
        Assert.True(entry.Status.Is(wanted), $"{entry.Status}, not {wanted}");
        Assert.Equal(wanted.DoNotRetry, entry.Status.DoNotRetry);
        var log = ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64));
        Assert.Equal((1, entry.CommandId, nsid), (log.SqId, log.CommandId, log.NamespaceId));
        Assert.Equal(NvmeStatus.Success, host.Read(0, 1, 0x1_0020_0000).Status);
    }

    [Fact]
    public void An_entry_of_a_prp_list_with_an_offset_is_refused()
    {
        var host = WithQueue();
        var pages = Enumerable.Range(0, 4).Select(_ => host.Allocate(4096)).ToArray();
        var (prp1, prp2) = host.Prps([pages[0], pages[1], pages[2] + 512, pages[3]]);
        Assert.True(host.Write(0, 32, prp1, prp2).Status.Is(NvmeStatus.PrpOffsetInvalid));
        Assert.True(host.Read(0, 32, prp1, prp2).Status.Is(NvmeStatus.PrpOffsetInvalid));
    }

    [Fact]
    public void A_fifth_event_request_is_refused()
    {
        var host = WithQueue();
        for (var i = 0; i < 4; i++)
        {
            host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        }

        Assert.True(host.Admin(AdminOpcode.AsynchronousEventRequest).Status.Is(NvmeStatus.AsynchronousEventRequestLimitExceeded));
    }
}
