using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class TlpCreditsTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 1)]
    [InlineData(16, 1)]
    [InlineData(20, 2)]
    [InlineData(4096, 256)]
    public void Data_credit_is_16_bytes(int payloadBytes, int units) => Assert.Equal(units, TlpCredits.DataUnits(payloadBytes));

    [Fact]
    public void Digest_and_header_take_no_data_credit()
    {
        var tlp = TlpSample.Parsed(TlpSample.Written(into => new MemoryWrite(new Rid(1, 0, 0), 0x1000, TlpAttributes.Digest).Write(into, new byte[16])));
        Assert.Equal(1, TlpCredits.DataUnits(tlp));
    }
}
