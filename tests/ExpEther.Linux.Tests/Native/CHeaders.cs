using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ExpEther.Linux.Tests.Native;

/// <summary>Asks the C compiler what expressions are worth with this machine's headers.</summary>
internal static class CHeaders
{
    private static readonly string[] Includes =
    [
        "stdio.h", "stddef.h", "errno.h", "fcntl.h", "grp.h", "poll.h", "pwd.h", "time.h", "unistd.h", "sys/epoll.h", "sys/eventfd.h",
        "sys/mman.h", "sys/socket.h", "sys/stat.h", "sys/uio.h", "sys/un.h", "netinet/in.h", "net/if.h", "net/if_arp.h", "linux/falloc.h", "linux/filter.h",
        "linux/fs.h", "linux/if_ether.h", "linux/if_packet.h", "linux/io_uring.h", "linux/magic.h", "linux/sockios.h",
        "sys/syscall.h",
    ];

    /// <summary>Values of the expressions, in order. Skips the test where there is no gcc.</summary>
    public static long[] Evaluate(IEnumerable<string> expressions)
    {
        var directory = Directory.CreateTempSubdirectory("expether-headers-");
        try
        {
            var source = new StringBuilder("#define _GNU_SOURCE\n");
            source.AppendJoin("", Includes.Select(i => $"#include <{i}>\n"));

            source.Append("int main(void) {\n");
            source.AppendJoin("", expressions.Select(e => $"  printf(\"%lld\\n\", (long long)({e}));\n"));
            source.Append("  return 0;\n}\n");
            var file = Path.Combine(directory.FullName, "headers.c");
            var program = Path.Combine(directory.FullName, "headers");
            File.WriteAllText(file, source.ToString());
            Run("gcc", "-o", program, file);
            return [.. Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => long.Parse(l, CultureInfo.InvariantCulture))];
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Run(string command, params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"'{command}' is not on this machine: the layouts cannot be checked against the C headers");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEnd();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{command}: {errors}");
            return output;
        }
    }
}
