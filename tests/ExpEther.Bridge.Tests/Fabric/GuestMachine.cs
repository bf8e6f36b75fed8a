using ExpEther.Bridge.Tests.Hosts;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.RootComplex.Guests;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A monitor that does what the test says: it notes what it is told, and lets go when it may.</summary>
internal sealed class GuestMachine(OwnerScheduler scheduler, int slots) : IGuestMachine
{
    private readonly OwnerSignal _changed = new(scheduler);
    private readonly TestHost[] _memory = [.. Enumerable.Range(0, slots).Select(_ => new TestHost())];

    /// <summary>What happened, oldest first: "plug 1", "unplug 1", "surprise 1", "gone 1".</summary>
    public List<string> Calls { get; } = [];

    public List<(int Slot, ulong Address, uint Data)> Interrupts { get; } = [];

    /// <summary>How many times yet a function is not shown.</summary>
    public int Refusals { get; set; }

    /// <summary>The guest does not let go while this is set.</summary>
    public bool HoldsOn
    {
        get;
        set
        {
            field = value;
            _changed.Set();
        }
    }

    /// <summary>Runs at each plug.</summary>
    public Action<GuestSlot>? Plugged { get; set; }

    /// <summary>The guest's memory as a slot's function may reach it.</summary>
    public TestHost MemoryFor(int slot) => _memory[slot - 1];

    public IHostMemory MemoryOf(int slot) => MemoryFor(slot);

    /// <summary>How long showing a function takes.</summary>
    public TimeSpan PlugTime { get; set; }

    public async Task<bool> PlugAsync(GuestSlot slot)
    {
        Calls.Add($"plug {slot.Number}");
        if (PlugTime > TimeSpan.Zero)
        {
            slot.Say(GuestShowing.Asked, "it is asked");
            await _changed.WaitUntil(() => false, PlugTime);
        }

        Plugged?.Invoke(slot);
        return Refusals-- <= 0;
    }

    public async Task UnplugAsync(GuestSlot slot, bool surprise)
    {
        Calls.Add($"{(surprise ? "surprise" : "unplug")} {slot.Number}");
        await _changed.WaitUntil(() => !HoldsOn, TimeSpan.FromSeconds(20));
    }

    public void MarkGone(GuestSlot slot) => Calls.Add($"gone {slot.Number}");

    public void RaiseInterrupt(GuestSlot slot, HostAddress address, uint data) => Interrupts.Add((slot.Number, address.Value, data));
}
