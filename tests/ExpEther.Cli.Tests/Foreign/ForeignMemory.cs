using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ExpEther.Cli.Tests.Foreign;

/// <summary>A client's memory for DMA: a memfd, not sealed, as such clients make it.</summary>
internal sealed partial class ForeignMemory : IDisposable
{
    private readonly SafeFileHandle _file;

    public ForeignMemory(ulong address, int bytes)
    {
        (Address, Bytes) = (address, bytes);
        Descriptor = memfd_create("dma", 0);
        Assert.True(Descriptor >= 0);
        _file = new SafeFileHandle(Descriptor, ownsHandle: true);
        RandomAccess.SetLength(_file, bytes);
    }

    public int Descriptor { get; }

    /// <summary>Where the device sees it.</summary>
    public ulong Address { get; }

    public int Bytes { get; }

    public byte[] Read(int offset, int bytes)
    {
        var data = new byte[bytes];
        Assert.Equal(bytes, RandomAccess.Read(_file, data, offset));
        return data;
    }

    public void Write(int offset, params ReadOnlySpan<byte> data) => RandomAccess.Write(_file, data, offset);

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
