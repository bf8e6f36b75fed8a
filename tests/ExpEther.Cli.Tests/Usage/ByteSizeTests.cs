using CsCheck;
using ExpEther.Cli.Usage;

namespace ExpEther.Cli.Tests.Usage;

public class ByteSizeTests
{
    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("0", 0)]
    [InlineData("512B", 512)]
    [InlineData("64KiB", 64 << 10)]
    [InlineData("64k", 64 << 10)]
    [InlineData("64Ki", 64 << 10)]
    [InlineData("64KB", 64_000)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("10 GiB", 10L << 30)]
    [InlineData("10g", 10L << 30)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("2TiB", 2L << 40)]
    [InlineData("1PiB", 1L << 50)]
    [InlineData("1_048_576", 1 << 20)]
    [InlineData("0x1000", 4096)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_size_is_understood_as_dd_does(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var parsed, out _));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-1")]
    [InlineData("GiB")]
    [InlineData("10X")]
    [InlineData("10GiBs")]
    [InlineData("1.5")]
    [InlineData("1.2.3G")]
    [InlineData("1e3")]
    [InlineData("_1")]
    [InlineData("0x")]
    [InlineData("0x8000000000000000")]
    [InlineData("9223372036854775808")]
    [InlineData("8EiB")]
    [InlineData("8388608TiB")]
    [InlineData("0.3KiB")]
    [InlineData("1٢KiB")]
    public void What_is_no_whole_number_of_bytes_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _, out _));

    [Fact]
    public void No_text_makes_it_throw() => Gen.String.Sample(text => ByteSize.TryParse(text, out var bytes, out _) is false || bytes >= 0);
}
