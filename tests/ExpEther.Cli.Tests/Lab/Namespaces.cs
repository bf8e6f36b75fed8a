using System.ComponentModel;
using System.Diagnostics;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>Whether network namespaces with cables can be made here.</summary>
internal static class Namespaces
{
    public static void SkipWhenMissing()
    {
        try
        {
            using var probe = Process.Start(
                new ProcessStartInfo("unshare", ["-n", "ip", "link", "add", "probe0", "type", "veth"]) { RedirectStandardError = true })!;
            probe.WaitForExit();
            if (probe.ExitCode != 0)
            {
                Assert.Skip("network namespaces need root here");
            }
        }
        catch (Win32Exception)
        {
            Assert.Skip("unshare (util-linux) or ip (iproute2) is missing");
        }
    }
}
