using System.CommandLine;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Commands;

/// <summary>The options that say what a laboratory has.</summary>
internal sealed class LabUpOptions
{
    private readonly Option<int> _guests;

    private readonly Option<int> _memory = new("--memory")
    {
        Description = "Of each guest, in MiB.", HelpName = "MiB", DefaultValueFactory = _ => GuestLimits.MemoryMebibytesDefault,
    };

    private readonly Option<string> _accel = new("--accel")
    {
        Description = "How guests run. auto: by KVM where it can run stock kernels, else emulated.",
        HelpName = "auto|kvm|tcg", DefaultValueFactory = _ => "auto",
    };

    private readonly Option<int> _mtu = new("--mtu")
    {
        Description = "Of the cables, 1500 to 9000.", HelpName = "BYTES", DefaultValueFactory = _ => LabLimits.MtuBytes,
    };

    private readonly Option<bool> _native = new("--native-hotplug") { Description = "Guests use Linux's own pciehp instead of ACPI's hot-plug." };

    private readonly Option<int> _vfs = new("--vfs")
    {
        Description = "Virtual functions of the one device. Default: one for each guest and two more.", HelpName = "N",
    };

    private readonly Option<string?> _transport = new("--transport")
    {
        Description = "namespaces (root), user-namespaces, or udp (loopback). Default: the first that works here.", HelpName = "KIND",
    };

    public LabUpOptions(int guests)
    {
        _guests = new("--guests") { Description = $"How many, 1 to {LabOptions.GuestsMax}.", HelpName = "N", DefaultValueFactory = _ => guests };
        _accel.AcceptOnlyFromAmong(GuestAccel.Choices);
        _transport.AcceptOnlyFromAmong(LabTransports.Names);
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_guests, _memory, _accel, _mtu, _native, _vfs, _transport])
        {
            command.Add(option);
        }
    }

    /// <exception cref="LabFailure">Something is out of range.</exception>
    public LabOptions Of(ParseResult parsed)
    {
        var options = new LabOptions
        {
            Guests = parsed.GetValue(_guests),
            MemoryMebibytes = parsed.GetValue(_memory),
            Accel = parsed.GetValue(_accel)!,
            MtuBytes = parsed.GetValue(_mtu),
            IsNativeHotplug = parsed.GetValue(_native),
            Vfs = parsed.GetValue(_vfs),
            Transport = LabTransports.Parse(parsed.GetValue(_transport)),
        };
        Within("--guests", options.Guests, 1, LabOptions.GuestsMax);
        Within("--memory", options.MemoryMebibytes, GuestLimits.MemoryMebibytesMin, GuestLimits.MemoryMebibytesMax);
        Within("--mtu", options.MtuBytes, LabLimits.MtuBytes, LabLimits.JumboMtuBytes);
        Within("--vfs", options.VfCount, options.Guests, LabOptions.VfsMax);
        return options;
    }

    private static void Within(string name, int value, int from, int to)
    {
        if (value < from || value > to)
        {
            throw new LabFailure("bad-argument", $"{name} {value} is not possible", $"choose a number from {from} to {to}");
        }
    }
}
