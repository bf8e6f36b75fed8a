using System.CommandLine;

namespace ExpEther.Cli.Commands;

/// <summary><c>nvme id|read|write|verify|trim</c>: the disks of an embedded host, through the whole path.</summary>
internal static class NvmeCommand
{
    public static (Command, string) Build()
    {
        var command = new Command("nvme", "Use the disks of an embedded host: data goes through its NVMe driver and the whole path.")
        {
            NvmeIdCommand.Build(),
            NvmeReadCommand.Build(),
            NvmeWriteCommand.Build(),
            NvmeVerifyCommand.Build(),
            NvmeTrimCommand.Build(),
        };
        return (command, """
              expether nvme id disk1
              expether nvme read disk1 > image                         the whole disk
              expether nvme read disk1 --offset 1MiB --bytes 4096 | xxd
              expether nvme read disk1 --lba 2048 --blocks 8 --output part.bin
              expether nvme write disk1 --offset 16MiB < data
              expether nvme verify disk1 --bytes 10MiB --sha256 HEX    exit code 1 when it differs
              expether nvme verify disk1 --against image               compare with a file
              expether nvme trim disk1 --offset 1GiB --bytes 256MiB    its contents are lost
              expether nvme trim disk1 --all

            DISK is a function's name at its I/O box, the driver's name (nvme0) or a serial number; it may be left out when there is one.
            """);
    }
}
