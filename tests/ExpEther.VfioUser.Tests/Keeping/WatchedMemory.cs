using ExpEther.Linux.Memory;
using ExpEther.VfioUser.Keeping;

namespace ExpEther.VfioUser.Tests.Keeping;

/// <summary>A journal's memory whose every store is a moment before which the process may be killed.</summary>
internal sealed class WatchedMemory(SharedMemoryFile file, Action onStore) : JournalMemory(file)
{
    public override void Store(int offset, ulong value)
    {
        onStore();
        base.Store(offset, value);
    }
}
