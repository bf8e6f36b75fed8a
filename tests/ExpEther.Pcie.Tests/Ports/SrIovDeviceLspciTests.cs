using System.Buffers.Binary;
using System.Globalization;
using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>A whole device as pciutils sees it: every function's configuration space, read by configuration requests.</summary>
public class SrIovDeviceLspciTests
{
    private const ulong VfBar0 = 0x40_0000_0000;
    private static readonly Rid Root = new(0, 0, 0);
    private static readonly Rid Physical = new(0x20, 0, 0);

    private readonly TestFunction _pf;
    private readonly SrIovDevice _device;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    // Offset and stride change with NumVFs and with ARI; with three VFs the third one is on the next bus.
    public SrIovDeviceLspciTests()
    {
        _pf = new TestFunction(SrIovSample.MakePf(SrIovSample.SrIov with
        {
            Routing = (numVfs, ari) => new VfRouting((ushort)(ari ? 0x7B + numVfs : 8), (ushort)(0x3E + numVfs)),
        }));
        _device = new SrIovDevice(_pf, [.. Enumerable.Range(1, 16).Select(n => new TestFunction(SrIovSample.MakeVf(_pf.Config, n)))]);
    }

    [Fact]
    public void Every_function_is_read_by_lspci_as_the_host_set_it_up()
    {
        var at = _pf.Config.SrIov!.Offset;
        Write16(at + SrIovRegister.Control, SrIovRegister.ControlAriCapableHierarchy);
        Write16(at + SrIovRegister.NumVfs, 3);
        Write(at + SrIovRegister.SystemPageSize, 0x10);
        Write(at + SrIovRegister.VfBar0, unchecked((uint)VfBar0));
        Write(at + SrIovRegister.VfBar0 + 4, (uint)(VfBar0 >> 32));
        Write(at + SrIovRegister.VfBar0 + 12, 0x9000_0000);
        Write16(
            at + SrIovRegister.Control,
            SrIovRegister.ControlAriCapableHierarchy | SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable);

        Rid[] rids = [Physical, new(0x207E), new(0x20BF), new(0x2100)];
        var texts = Lspci.Decode([.. rids.Select(rid => (Slot(rid), (Func<int, uint>)(register => Read(rid, register))))]);
        Assert.Equal(4, texts.Length);
        AssertPhysical(texts[0]);
        foreach (var (text, rid) in texts.Zip(rids).Skip(1))
        {
            AssertVirtual(text, rid);
        }
    }

    [Fact]
    public void QEMUs_functions_are_read_by_lspci_without_complaint_too()
    {
        var texts = Lspci.DecodeDump(QemuNvme.Dump);
        Lspci.AssertUnbroken(texts[0], capabilities: 5);
        Assert.Contains("Initial VFs: 4, Total VFs: 4, Number of VFs: 4", texts[0], StringComparison.Ordinal);
        Lspci.AssertUnbroken(texts[1], capabilities: 4);
        Assert.Contains("Device ffff", texts[1], StringComparison.Ordinal);
    }

    private static void AssertPhysical(string text)
    {
        Lspci.AssertUnbroken(text, capabilities: 8);
        Assert.Contains("IOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+ 10BitTagReq-", text, StringComparison.Ordinal);
        Assert.Contains("Initial VFs: 16, Total VFs: 16, Number of VFs: 3, Function Dependency Link: 00", text, StringComparison.Ordinal);
        Assert.Contains("VF offset: 126, stride: 65, Device ID: 0011", text, StringComparison.Ordinal);
        Assert.Contains("Supported Page Size: 00000553, System Page Size: 00000010", text, StringComparison.Ordinal);
        Assert.Contains("Region 0: Memory at 0000004000000000 (64-bit, prefetchable)", text, StringComparison.Ordinal);
        Assert.Contains("Region 3: Memory at 90000000 (32-bit, non-prefetchable)", text, StringComparison.Ordinal);
    }

    private static void AssertVirtual(string text, Rid rid)
    {
        Lspci.AssertUnbroken(text, capabilities: 7);
        Assert.StartsWith($"{Slot(rid)} Non-Volatile memory controller: Illegal Vendor ID Device ffff", text, StringComparison.Ordinal);
        Assert.Contains("Control: I/O- Mem- BusMaster-", text, StringComparison.Ordinal);
        Assert.Contains("DisINTx-", text, StringComparison.Ordinal);
        Assert.Contains("FLReset+", text, StringComparison.Ordinal);
        Assert.Contains("MSI-X: Enable- Count=65 Masked-", text, StringComparison.Ordinal);
        Assert.Contains("Advanced Error Reporting", text, StringComparison.Ordinal);
        Assert.DoesNotContain("SR-IOV", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Region", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Interrupt: pin", text, StringComparison.Ordinal);
    }

    private static string Slot(Rid rid) => string.Create(CultureInfo.InvariantCulture, $"{rid.Bus:x2}:{rid.DeviceFunction >> 3:x2}.{rid.DeviceFunction & 7}");

    private void Write16(int register, int value) => Write(register & ~3, (uint)value << ((register & 2) * 8), 0b0011 << (register & 2));

    private void Write(int register, uint value, int enables = 0xF)
    {
        var length = new ConfigWrite(Root, new Tag(1), Physical, register, false, value, enables).Write(_tlp);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, Ask(length).Status);
    }

    private uint Read(Rid rid, int register)
    {
        var length = new ConfigRead(Root, new Tag(1), rid, register, rid.Bus != Physical.Bus).Write(_tlp);
        var answer = Ask(length);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, answer.Status);
        return answer.Value;
    }

    private (CompletionStatus Status, uint Value) Ask(int length)
    {
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.True(_device.TryTake(Instant.Zero, _tlp, out length));
        Assert.Equal(TlpError.None, TlpView.TryParse(_tlp.AsSpan(0, length), out var view));
        return (view.Status, view.Payload.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(view.Payload));
    }
}
