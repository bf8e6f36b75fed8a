using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Health is about media: what the configuration asks for is well, what storage refuses is not (NVMe 1.4 figure 194).</summary>
public sealed class HealthTests
{
    private const byte Reliability = 1 << 2;
    private const byte ReadOnly = 1 << 3;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int InputOutput = 5;

    [Fact]
    public void Namespaces_that_are_read_only_by_configuration_are_well()
    {
        var backend = new RecordingBackend(64);
        var host = new NvmeHost(
            0, options => options with { Namespaces = [new NvmeNamespaceOptions { Backend = backend, ReadOnly = true }] });
        host.Start();
        host.CreateQueue(1);
        Assert.True(host.Write(0, 1, host.Allocate(4096)).Status.Is(NvmeStatus.NamespaceIsWriteProtected));
        Assert.Equal(0, Smart(host));
        Assert.Equal("", host.Controller.StorageTrouble);
        Assert.Empty(host.Events.Texts);
    }

    [Theory]
    [InlineData(BlockOperation.Write, NoSpace, 0x081, 0, "no room")]
    [InlineData(BlockOperation.Write, 122, 0x081, 0, "no room")]
    [InlineData(BlockOperation.Write, 27, 0x081, 0, "no room")]
    [InlineData(BlockOperation.Flush, NoSpace, 0x081, 0, "no room")]
    [InlineData(BlockOperation.WriteZeroes, NoSpace, 0x081, 0, "no room")]
    [InlineData(BlockOperation.Write, ReadOnlyFileSystem, 0x020, ReadOnly, "can only be read now")]
    [InlineData(BlockOperation.Write, InputOutput, 0x280, Reliability, "writing at 1024 failed")]
    [InlineData(BlockOperation.Flush, InputOutput, 0x280, Reliability, "may be lost")]
    [InlineData(BlockOperation.Read, InputOutput, 0x281, 0, "reading at 1024 failed")]
    [InlineData(BlockOperation.Read, 12, 0x006, 0, "memory")]
    public void What_storage_refuses_has_its_status_its_warning_and_its_words_at_the_box(
        BlockOperation operation, int errno, int status, byte warning, string words)
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        backend.Errors[operation] = errno;
        var opcode = operation switch
        {
            BlockOperation.Read => IoOpcode.Read,
            BlockOperation.Write => IoOpcode.Write,
            BlockOperation.Flush => IoOpcode.Flush,
            _ => IoOpcode.WriteZeroes,
        };
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(status, host.Run(1, (byte)opcode, 1, dw10: 2, prp1: buffer).Status.Value & 0x7FF);
        }

        Assert.Equal(warning, Smart(host));
        var told = Assert.Single(host.Events.Texts);
        Assert.Contains(words, told, StringComparison.Ordinal);
        Assert.StartsWith("Error ", told, StringComparison.Ordinal);
        Assert.Contains(words, host.Controller.StorageTrouble, StringComparison.Ordinal);
        Assert.Contains("100 times", host.Controller.StorageTrouble, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_asked_for_it_is_told_that_what_it_wrote_could_not_be_kept()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.AsynchronousEventConfiguration, dw11: Reliability);
        var request = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Pump();
        backend.Errors[BlockOperation.Flush] = InputOutput;
        host.Run(1, (byte)IoOpcode.Flush, 1);
        Assert.Equal(AsyncEvent.SubsystemReliability, AsyncEvent.FromResult(host.Expect(0, request).Result));
    }

    [Fact]
    public void The_vendor_is_told_by_an_identifier_of_local_administration()
    {
        var identify = new IdentifyController(NvmeHost.Started(new RecordingBackend(64)).Identify(IdentifyCns.Controller, 0));
        Assert.Equal(0x02_00_00, identify.IeeeOui & 0x03_00_00);
        Assert.NotEqual(0x02_00_00, identify.IeeeOui);
    }

    /// <summary>Units of 1000 times 512 bytes, rounded up (NVMe 1.4 figure 194).</summary>
    [Fact]
    public void Data_units_are_rounded_up()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1);
        Assert.True(host.Write(0, 1, host.Allocate(4096)).Status.Is(NvmeStatus.Success));

        var log = new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes));

        Assert.Equal((1, 0), ((int)log.DataUnitsWritten, (int)log.DataUnitsRead));
    }

    private static byte Smart(NvmeHost host) => new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes)).CriticalWarning;
}
