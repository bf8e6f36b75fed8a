namespace ExpEther.Cli.Lab;

/// <summary>A guest of a laboratory, as its state tells it.</summary>
/// <param name="Name">Also of its host bridge at the I/O box, and of its port of the switch.</param>
/// <param name="Vlan">Its logical switch.</param>
/// <param name="Function">The virtual function that it was given first.</param>
/// <param name="BootMilliseconds">From QEMU's start to the first answer.</param>
/// <param name="PlugMilliseconds">From the box's being asked to give the function to the guest's having its disk.</param>
/// <param name="ConsoleSocket">Of its serial console.</param>
/// <param name="ShellSocket">Of its agent.</param>
internal sealed record LabGuest(
    string Name, int Vlan, string Function, long BootMilliseconds, long PlugMilliseconds, string ConsoleSocket, string ShellSocket);
