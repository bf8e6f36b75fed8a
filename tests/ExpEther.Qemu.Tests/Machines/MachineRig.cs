using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Tests.Monitors;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A machine of two slots with a function in each, and a modelled QEMU, on real sockets in virtual time.</summary>
internal sealed class MachineRig : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("expether-vm-");

    private int _idleTurns;

    public MachineRig(InterruptMode mode = InterruptMode.Auto, MigrationMode migration = MigrationMode.Stop)
    {
        Options = new QemuMachineOptions
        {
            Name = "web", QmpPath = Path.Combine(_folder.FullName, "qmp.sock"), SocketFolder = _folder.FullName, Slots = 2, Interrupts = mode,
            Migration = migration,
        };
        Slots = [new RigSlot(1, Scheduler), new RigSlot(2, Scheduler)];
        Machine = new QemuMachine(Options, Scheduler, Events) { RunsHere = Heard.Add };
        Qemu = new QemuModel(Options.QmpPath);
    }

    public OwnerScheduler Scheduler { get; } = new();

    /// <summary>Which guest the machine said runs there, oldest first.</summary>
    public List<Guid> Heard { get; } = [];

    public EventList Events { get; } = new();

    public QemuMachineOptions Options { get; }

    public RigSlot[] Slots { get; }

    public QemuMachine Machine { get; private set; }

    public QemuModel Qemu { get; }

    public QemuSlotStatus Status(int slot = 1) => Machine.Status().Slots[slot - 1];

    /// <summary>QEMU runs and is known.</summary>
    public void Connect()
    {
        Qemu.Start();
        RunUntil(() => Machine.Status().Qemu is not null, TimeSpan.FromSeconds(3));
    }

    public Sequence<bool> Plug(int slot = 1)
    {
        var sequence = new Sequence<bool>();
        Scheduler.Start(async () => sequence.End(await Machine.PlugAsync(Slots[slot - 1].Slot)));
        return sequence;
    }

    public Sequence<bool> Unplug(bool isSurprise = false, int slot = 1)
    {
        var sequence = new Sequence<bool>();
        Scheduler.Start(async () =>
        {
            await Machine.UnplugAsync(Slots[slot - 1].Slot, isSurprise);
            sequence.End(true);
        });
        return sequence;
    }

    public Sequence<bool> Leave()
    {
        var sequence = new Sequence<bool>();
        Scheduler.Start(async () =>
        {
            await Machine.LeaveAsync();
            sequence.End(true);
        });
        return sequence;
    }

    /// <summary>A function is plugged, and QEMU has it.</summary>
    public VfioUserClient PlugIn(int slot = 1)
    {
        var plug = Plug(slot);
        RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(5));
        Assert.True(plug.Result);
        Assert.Equal(QemuSlotState.Connected, Status(slot).State);
        return Qemu[QemuMachineOptions.DeviceOf(slot)]!.Client;
    }

    /// <summary>We end, by whatever means, and start again: of what was known before nothing is.</summary>
    public void RestartMachine()
    {
        Machine.Dispose();
        Machine = new QemuMachine(Options, Scheduler, Events);
    }

    public void Turn()
    {
        // While nothing happens time goes faster.
        Scheduler.Advance(Scheduler.Now + TimeSpan.FromMilliseconds(_idleTurns < 50 ? 1 : 20));
        var isActive = Machine.Poll(Scheduler.Now);
        foreach (var slot in Slots)
        {
            slot.Pump(Machine, Scheduler.Now);
        }

        Qemu.Poll();
        isActive |= Scheduler.RunReady() > 0;
        _idleTurns = isActive ? 0 : _idleTurns + 1;
    }

    public void RunFor(TimeSpan span)
    {
        for (var end = Scheduler.Now + span; Scheduler.Now < end;)
        {
            Turn();
        }
    }

    public void RunUntil(Func<bool> condition, TimeSpan within)
    {
        for (var end = Scheduler.Now + within; !condition();)
        {
            Assert.True(Scheduler.Now < end, "it did not happen in time");
            Turn();
        }
    }

    /// <summary>An answer to what a client asked.</summary>
    public byte[] Read(VfioUserClient client, ushort id)
    {
        RunUntil(() => client.HasReply(id), TimeSpan.FromSeconds(2));
        Assert.Equal(0, client.Errno(id));
        return client.Data(id);
    }

    public void Do(VfioUserClient client, ushort id)
    {
        RunUntil(() => client.HasReply(id), TimeSpan.FromSeconds(2));
        Assert.Equal(0, client.Errno(id));
    }

    /// <summary>The client's device is gone, as from an empty slot, and it can go on without it: QEMU ends when a reset's maps fail.</summary>
    public void AssertAbsent(VfioUserClient client)
    {
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], Read(client, client.ReadConfig(0, 4)));
        Do(client, client.Map(0x10_0000, 0x1000));
        Do(client, client.ResetDevice());
        Assert.False(client.IsClosed);
    }

    public void Dispose()
    {
        Machine.Dispose();
        Qemu.Dispose();
        _folder.Delete(recursive: true);
    }
}
