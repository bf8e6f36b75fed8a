using ExpEther.Linux.Memory;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Tests.Memory;

public sealed unsafe class GuardedCopyTests : IDisposable
{
    private const int Page = 4096;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    /// <summary>A plain access of the second page would be a SIGBUS.</summary>
    [Fact]
    public void Of_a_file_that_was_cut_what_is_left_can_be_copied_and_a_part_of_a_copy_is_none()
    {
        using var file = File.OpenHandle(_file, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, 2 * Page);
        RandomAccess.Write(file, "last"u8, Page - 4);
        var memory = (byte*)Libc.mmap(
            null, 2 * Page, PacketConstants.PROT_READ | PacketConstants.PROT_WRITE, PacketConstants.MAP_SHARED, (int)file.DangerousGetHandle(), 0);
        RandomAccess.SetLength(file, Page);
        var data = new byte[4];

        Assert.True(GuardedCopy.TryRead(memory + Page - 4, data));
        Assert.Equal("last"u8, data);
        Assert.False(GuardedCopy.TryRead(memory + Page - 2, data));
        Assert.True(GuardedCopy.TryWrite(memory + Page - 4, data));
        Assert.False(GuardedCopy.TryWrite(memory + Page - 2, data));

        Assert.Equal(0, Libc.munmap(memory, 2 * Page));
    }
}
