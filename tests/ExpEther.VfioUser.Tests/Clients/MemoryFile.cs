using System.Runtime.InteropServices;

namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>A memfd as a monitor makes it for a guest's RAM.</summary>
internal sealed partial class MemoryFile : IDisposable
{
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const uint HugePages = 4;
    private const int AddSeals = 1033;
    private const int SealShrink = 2;
    private const int SealGrow = 4;

    public MemoryFile(long bytes, bool isSealed = true, bool isHuge = false, bool canGrow = false)
    {
        Descriptor = memfd_create("test-memory", CloseOnExec | AllowSealing | (isHuge ? HugePages : 0));
        Assert.True(Descriptor >= 0);
        Assert.Equal(0, ftruncate(Descriptor, bytes));
        if (isSealed)
        {
            Assert.Equal(0, fcntl(Descriptor, AddSeals, canGrow || isHuge ? SealShrink : SealShrink | SealGrow));
        }
    }

    public int Descriptor { get; }

    /// <summary>A descriptor of the same file that cannot write.</summary>
    public Microsoft.Win32.SafeHandles.SafeFileHandle OpenReadOnly() => File.OpenHandle($"/proc/self/fd/{Descriptor}");

    /// <summary>A new descriptor of it, the caller's.</summary>
    public int Duplicate() => DuplicateOf(Descriptor);

    public static int DuplicateOf(int descriptor)
    {
        var copy = dup(descriptor);
        Assert.True(copy >= 0);
        return copy;
    }

    public void Cut(long bytes) => Assert.Equal(0, ftruncate(Descriptor, bytes));

    public void Grow(long bytes) => Assert.Equal(0, ftruncate(Descriptor, bytes));

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        unsafe
        {
            fixed (byte* p = data)
            {
                Assert.Equal(data.Length, pwrite(Descriptor, p, (nuint)data.Length, offset));
            }
        }
    }

    public byte[] Read(long offset, int bytes)
    {
        var into = new byte[bytes];
        unsafe
        {
            fixed (byte* p = into)
            {
                Assert.Equal(bytes, pread(Descriptor, p, (nuint)bytes, offset));
            }
        }

        return into;
    }

    public void Dispose() => _ = close(Descriptor);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial int ftruncate(int fd, long bytes);

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int dup(int fd);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static unsafe partial nint pwrite(int fd, byte* from, nuint bytes, long offset);

    [LibraryImport("libc")]
    private static unsafe partial nint pread(int fd, byte* into, nuint bytes, long offset);
}
