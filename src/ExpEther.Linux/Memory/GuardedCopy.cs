using ExpEther.Linux.Native;

namespace ExpEther.Linux.Memory;

/// <summary>
/// Copies to and from memory of this process that may have lost its file. A plain access there would be a SIGBUS, which ends the process; the kernel's
/// copy (process_vm_readv(2), of this very process) fails with EFAULT. A system call for each copy: about a microsecond.
/// </summary>
public static unsafe class GuardedCopy
{
    /// <returns>False: not all of it is there; <paramref name="into"/> is then undefined.</returns>
    public static bool TryRead(byte* from, Span<byte> into)
    {
        fixed (byte* to = into)
        {
            var local = new IoVector { Base = to, Length = (nuint)into.Length };
            var remote = new IoVector { Base = from, Length = (nuint)into.Length };
            return Libc.process_vm_readv(Environment.ProcessId, &local, 1, &remote, 1, 0) == into.Length;
        }
    }

    /// <returns>False: not all of it is there; a part may have been written.</returns>
    public static bool TryWrite(byte* to, ReadOnlySpan<byte> data)
    {
        fixed (byte* from = data)
        {
            var local = new IoVector { Base = from, Length = (nuint)data.Length };
            var remote = new IoVector { Base = to, Length = (nuint)data.Length };
            return Libc.process_vm_writev(Environment.ProcessId, &local, 1, &remote, 1, 0) == data.Length;
        }
    }
}
