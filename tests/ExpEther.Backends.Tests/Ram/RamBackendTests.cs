using ExpEther.Backends.Ram;
using ExpEther.Backends.Tests.Lab;

namespace ExpEther.Backends.Tests.Ram;

public class RamBackendTests
{
    [Fact]
    public void A_large_disk_takes_memory_only_where_it_is_written()
    {
        const long Tebibyte = 1L << 40;
        var backend = new RamBackend(Tebibyte);
        var written = BackendCalls.Buffer(8192, seed: 9);
        Assert.Equal(0, backend.Write(Tebibyte - 8192, written));
        var read = BackendCalls.Buffer(16384, seed: 1);
        Assert.Equal(0, backend.Read(Tebibyte - 16384, read));
        Assert.True(read.Span[..8192].IndexOfAnyExcept((byte)0) < 0);
        Assert.True(read.Span[8192..].SequenceEqual(written.Span));
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(1000, 512)]
    [InlineData(-512, 512)]
    [InlineData(512, 4096)]
    [InlineData(4096, 1024)]
    public void Impossible_sizes_are_refused(long lengthBytes, int blockBytes) =>
        Assert.Throws<BackendException>(() => new RamBackend(lengthBytes, blockBytes));
}
