using System.Runtime.CompilerServices;
using ExpEther.Backends.Files;
using ExpEther.Linux.Polling;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Tests.Lab;

/// <summary>Uses a backend as its owner does: submit, sleep where it has a descriptor, take.</summary>
internal static class BackendCalls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static int Read(this IBlockBackend backend, long offset, Memory<byte> into) =>
        backend.Do(new BlockRequest(BlockOperation.Read, offset, into.Length, into, 1));

    public static int Write(this IBlockBackend backend, long offset, Memory<byte> from) =>
        backend.Do(new BlockRequest(BlockOperation.Write, offset, from.Length, from, 2));

    public static int Flush(this IBlockBackend backend) => backend.Do(new BlockRequest(BlockOperation.Flush, 0, 0, default, 3));

    public static int WriteZeroes(this IBlockBackend backend, long offset, int bytes) =>
        backend.Do(new BlockRequest(BlockOperation.WriteZeroes, offset, bytes, default, 4));

    public static int Deallocate(this IBlockBackend backend, long offset, int bytes) =>
        backend.Do(new BlockRequest(BlockOperation.Deallocate, offset, bytes, default, 5));

    /// <summary>Carries out one request. Returns its errno.</summary>
    public static int Do(this IBlockBackend backend, in BlockRequest request)
    {
        Assert.True(backend.TrySubmit(request));
        var completion = backend.Next();
        Assert.Equal(request.Cookie, completion.Cookie);
        return completion.Error;
    }

    /// <summary>The next completion, waited for.</summary>
    public static BlockCompletion Next(this IBlockBackend backend)
    {
        BlockCompletion completion;
        if (backend is not FileBackend file)
        {
            Assert.True(backend.TryTakeCompletion(out completion));
            return completion;
        }

        var poller = new Poller();
        poller.Add(file.PollFileDescriptor, PollEvents.Readable);
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!backend.TryTakeCompletion(out completion))
        {
            // A signal, such as that of a child's end, ends a wait as well.
            Assert.True(poller.Wait(Patience) > 0 || Environment.TickCount64 < deadline, "no completion woke the owner");
        }

        return completion;
    }

    /// <summary>Pinned memory at a page border, or off it by <paramref name="offBytes"/>, filled from a seed.</summary>
    public static unsafe Memory<byte> Buffer(int bytes, int seed = 0, int offBytes = 0)
    {
        const int Page = 4096;
        var array = GC.AllocateArray<byte>(bytes + (2 * Page), pinned: true);
        var start = (int)(-(nint)Unsafe.AsPointer(ref array[0]) & (Page - 1)) + offBytes;
        var buffer = array.AsMemory(start, bytes);
        if (seed != 0)
        {
            new SeededRandom((ulong)seed).Fill(buffer.Span);
        }

        return buffer;
    }
}
