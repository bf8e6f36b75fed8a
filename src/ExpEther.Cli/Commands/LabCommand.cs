using System.CommandLine;

namespace ExpEther.Cli.Commands;

/// <summary><c>lab</c>: real guests behind host bridges, an I/O box and a switch on this machine.</summary>
internal static class LabCommand
{
    public static (Command, string) Build()
    {
        var command = new Command(
            "lab", "A laboratory on this machine: virtual machines of stock Linux that share one SR-IOV device of an I/O box, to work in and to break.")
        {
            LabUpCommand.Build(), LabStatusCommand.Build(), LabExecCommand.Build(), LabConsoleCommand.Build(), LabFaultCommand.Build(),
            LabDownCommand.Build(), LabShareCommand.Build(), LabSuperviseCommand.Build(),
        };
        return (command, """
              expether lab up                                    two guests; it stays up until `lab down`
              expether lab up --guests 3 --memory 1024 --mtu 9000
              expether lab status
              expether lab exec guest1 -- nvme list
              expether lab exec guest1 -- sh -c 'mkfs.ext4 -q /dev/nvme0n1 && mount /dev/nvme0n1 /mnt && df /mnt'
              expether lab console guest1                        Ctrl-] leaves
              expether lab fault guest1 --cut                    pull its cable; --heal puts it back
              expether lab fault guest1 --kill host              kill -9 its host bridge; --restart starts it again
              expether lab down
              expether lab share --guests 3                      three guests share a device, in a laboratory of their own: the whole proof

            QEMU, kernel and initramfs are fetched the first time, into artifacts/lab (EXPETHER_LAB_DIR); nothing is installed. docs/lab.md has a walk.
            """);
    }

    public static Option<string?> Directory() => new("--dir")
    {
        Description = "The laboratory's folder: there is one laboratory in each. Default: expether-lab in XDG_RUNTIME_DIR, else in the temporary folder.",
        HelpName = "DIR",
    };

    public static Argument<string> Guest() => new("guest") { Description = "Its name: guest1, guest2 and so on." };
}
