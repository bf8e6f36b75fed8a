using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace ExpEther.Ethernet.Tests.Lab;

/// <summary>
/// A network namespace of its own for the length of a test: a thread leaves the machine's namespace, and what it opens and the
/// commands it starts are in the new one, which goes with the thread and its sockets. Without the right to, the test is skipped.
/// </summary>
internal sealed partial class NetworkLab
{
    private const int CLONE_NEWNET = 0x4000_0000;
    private const int CapNetRaw = 13;
    private const uint CapabilityVersion3 = 0x2008_0522;

    private NetworkLab()
    {
    }

    public static void Run(Action<NetworkLab> test)
    {
        ExceptionDispatchInfo? failure = null;
        var error = 0;
        var thread = new Thread(() =>
        {
            if (unshare(CLONE_NEWNET) != 0)
            {
                error = Marshal.GetLastPInvokeError();
                return;
            }

            try
            {
                test(new NetworkLab());
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        Assert.SkipWhen(error != 0, $"no network namespace can be made here (unshare CLONE_NEWNET: errno {error}): run as root or in 'unshare -Urn'");
        failure?.Throw();
    }

    /// <summary>Skips the test where the loopback interface is down, as in a fresh namespace.</summary>
    public static void RequireLoopback()
    {
        var loopback = Linux.Packets.NetworkInterface.Find("lo");
        Assert.SkipUnless(
            loopback is not null && Linux.Packets.NetworkInterface.IsUp(loopback.Name, loopback.Index), "the loopback interface 'lo' is down here");
    }

    /// <summary>Two interfaces joined by a cable, up.</summary>
    public void Cable(string one, string other, int mtuBytes = 1500)
    {
        Ip("link", "add", one, "mtu", $"{mtuBytes}", "type", "veth", "peer", "name", other, "mtu", $"{mtuBytes}");
        Ip("link", "set", one, "up");
        Ip("link", "set", other, "up");
    }

    /// <summary>Runs ip(8) in the namespace.</summary>
    public void Ip(params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("'ip' (iproute2) is not on this machine");
            throw;
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {errors}");
        }
    }

    /// <summary>Takes CAP_NET_RAW from this thread, as if it had been started without it.</summary>
    public unsafe void LoseRawSockets()
    {
        var header = stackalloc uint[2] { CapabilityVersion3, 0 };
        var sets = stackalloc uint[6];
        Assert.Equal(0, capget(header, sets));
        sets[0] &= ~(1u << CapNetRaw);
        Assert.Equal(0, capset(header, sets));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int capget(uint* header, uint* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int capset(uint* header, uint* sets);
}
