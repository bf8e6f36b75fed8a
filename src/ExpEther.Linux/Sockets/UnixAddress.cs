using System.Runtime.InteropServices;
using System.Text;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

internal static unsafe class UnixAddress
{
    public static SockAddrUn Of(string path)
    {
        var bytes = Encoding.UTF8.GetByteCount(path);
        if (bytes is 0 or > LinuxLimits.UnixPathBytesMax)
        {
            throw new ArgumentException(
                $"socket path '{path}' has {bytes} bytes; a UNIX socket's path has 1 to {LinuxLimits.UnixPathBytesMax}: choose a shorter one", nameof(path));
        }

        var address = new SockAddrUn { Family = SocketConstants.AF_UNIX };
        Encoding.UTF8.GetBytes(path, MemoryMarshal.CreateSpan(ref address.Path[0], SockAddrUn.PathBytes));
        return address;
    }
}
