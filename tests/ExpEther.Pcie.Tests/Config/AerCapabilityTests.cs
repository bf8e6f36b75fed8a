using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>PCIe 5.0 §6.2, figure 6-2.</summary>
public class AerCapabilityTests
{
    private const uint UnsupportedRequestBit = 1U << 20;

    private readonly EndpointConfig _config = EndpointSample.Make();
    private readonly byte[] _read = TlpSample.Written(into => new MemoryRead(new Rid(1, 0, 0), new Tag(5), 0x1_2345_6780, 64).Write(into));
    private readonly byte[] _write = TlpSample.Written(into => new MemoryWrite(new Rid(2, 0, 0), 0x1000).Write(into, [1, 2, 3, 4]));

    private AerCapability Aer => _config.Aer;

    [Fact]
    public void Defaults_are_the_specifications()
    {
        Assert.Equal(0x0040_0000U, Register(0x08));
        Assert.Equal(0x0046_2030U, Register(0x0C));
        Assert.Equal(0x0000_E000U, Register(0x14));
        Assert.Equal(0x0000_00A0U, Register(0x18));
    }

    [Fact]
    public void Nothing_is_sent_until_software_enables_it_but_status_is_set()
    {
        Assert.Null(Aer.Report(UncorrectableError.UnsupportedRequest, _write));
        Assert.Equal(UnsupportedRequestBit, Register(0x04));
        Assert.Equal(0b1010U, DeviceStatus);
    }

    [Fact]
    public void Unsupported_posted_request_is_non_fatal_and_logs_its_header()
    {
        EnableReporting(0xF);
        Assert.Equal(MessageCode.ErrNonFatal, Aer.Report(UncorrectableError.UnsupportedRequest, _write));
        Assert.Equal(20U, Register(0x18) & 0x1F);
        Assert.Equal([0x4000_0001U, 0x0200_000FU, 0x0000_1000U, 0U], HeaderLog);
    }

    [Fact]
    public void Advisory_error_is_correctable_and_masked_by_default()
    {
        EnableReporting(0xF);
        Assert.Null(Aer.Report(UncorrectableError.UnsupportedRequest, _read, advisory: true));
        Assert.Equal(1U << 13, Register(0x10));
        Assert.Equal(0U, Register(0x04));
        Assert.Equal(0b1001U, DeviceStatus);

        _config.Write(Aer.Offset + 0x14, 0);
        Assert.Equal(MessageCode.ErrCorrectable, Aer.Report(UncorrectableError.UnsupportedRequest, _read, advisory: true));
        Assert.Equal(UnsupportedRequestBit, Register(0x04));
        Assert.Equal([0x2000_0010U, 0x0100_05FFU, 0x0000_0001U, 0x2345_6780U], HeaderLog);
    }

    [Fact]
    public void Advisory_error_that_software_made_fatal_is_fatal()
    {
        EnableReporting(0xF);
        _config.Write(Aer.Offset + 0x0C, UnsupportedRequestBit);
        Assert.Equal(MessageCode.ErrFatal, Aer.Report(UncorrectableError.UnsupportedRequest, _read, advisory: true));
        Assert.Equal(0b1100U, DeviceStatus);
    }

    [Fact]
    public void First_error_is_kept_until_software_clears_it()
    {
        EnableReporting(0xF);
        Aer.Report(UncorrectableError.MalformedTlp, _read);
        Aer.Report(UncorrectableError.UnsupportedRequest, _write);
        Assert.Equal(18U, Register(0x18) & 0x1F);
        Assert.Equal(0x2000_0010U, HeaderLog[0]);
        Assert.Equal((1U << 18) | UnsupportedRequestBit, Register(0x04));

        _config.Write(Aer.Offset + 0x04, 1U << 18);
        Aer.Report(UncorrectableError.UnsupportedRequest, _write);
        Assert.Equal(20U, Register(0x18) & 0x1F);
        Assert.Equal(0x4000_0001U, HeaderLog[0]);
    }

    [Fact]
    public void Masked_error_sets_status_only()
    {
        EnableReporting(0xF);
        _config.Write(Aer.Offset + 0x08, 1U << 14);
        Assert.Null(Aer.Report(UncorrectableError.CompletionTimeout, []));
        Assert.Equal(1U << 14, Register(0x04));
        Assert.Equal(0U, Register(0x18) & 0x1F);
    }

    [Fact]
    public void Unsupported_request_needs_its_own_enable_and_SERR_stands_in_for_all()
    {
        EnableReporting(0b0111);
        Assert.Null(Aer.Report(UncorrectableError.UnsupportedRequest, _write));
        Assert.Equal(MessageCode.ErrNonFatal, Aer.Report(UncorrectableError.PoisonedTlpReceived, _write));
        EnableReporting(0);
        _config.Write(0x04, 1 << 8, 0b0010);
        Assert.Equal(MessageCode.ErrNonFatal, Aer.Report(UncorrectableError.UnsupportedRequest, _write));
        Assert.Equal(0xC000U, _config.Space.Get16(0x06) & 0xC000U);
    }

    [Fact]
    public void Correctable_error_is_sent_unless_masked()
    {
        EnableReporting(1);
        Assert.Equal(MessageCode.ErrCorrectable, Aer.Report(CorrectableError.ReplayTimerTimeout));
        Assert.Null(Aer.Report(CorrectableError.HeaderLogOverflow));
        Assert.Equal((1U << 12) | (1U << 15), Register(0x10));
    }

    private uint DeviceStatus => _config.Space.Get16(_config.PcieOffset + 10);

    private uint[] HeaderLog => [Register(0x1C), Register(0x20), Register(0x24), Register(0x28)];

    private uint Register(int offset) => _config.Read(Aer.Offset + offset);

    private void EnableReporting(uint bits) => _config.Write(_config.PcieOffset + 8, bits, 0b0001);
}
