using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.HotPlug;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// What the slots' controllers do to functions: asks a new one what it is, leaves it as after reset, for the guest to configure, and has the
/// monitor show it; has the monitor take it away.
/// </summary>
internal sealed class GuestFunctions(GuestConfigAccess config, IGuestMachine machine, OwnerScheduler scheduler) : ISlotFunctions
{
    private const ushort MsixTableSize = 0x7FF;

    private readonly HashSet<GuestSlot> _plugged = [];

    public async Task<string?> AddAsync(PciNode port)
    {
        var slot = SlotOf(port);
        slot.PowerOn();
        if (await SurveyAsync(slot, port) is not { } node)
        {
            return "the card does not answer";
        }

        port.ChildList.Add(node);
        _plugged.Add(slot);
        if (await machine.PlugAsync(slot))
        {
            if (!slot.HasTold)
            {
                slot.Say(GuestShowing.Shown, "");
            }

            return null;
        }

        _plugged.Remove(slot);
        return "the guest does not take it";
    }

    public async Task RemoveAsync(PciNode port, bool surprise)
    {
        var slot = SlotOf(port);
        if (_plugged.Contains(slot))
        {
            await machine.UnplugAsync(slot, surprise || slot.Function is null);
            _plugged.Remove(slot);
        }

        slot.Empty();
        port.ChildList.Clear();
    }

    public void MarkGone(PciNode port)
    {
        var slot = SlotOf(port);
        var wasThere = slot.Function is not null;
        slot.Empty();
        if (wasThere)
        {
            machine.MarkGone(slot);
        }
    }

    private GuestSlot SlotOf(PciNode port) => config.SlotOf(port.SecondaryBus) ?? throw new InvariantException("a port without a slot");

    /// <returns>Null: nobody answered, or not to everything.</returns>
    private async Task<PciNode?> SurveyAsync(GuestSlot slot, PciNode port)
    {
        var access = new WatchedConfigAccess(config);
        var rid = new Rid(port.SecondaryBus, 0, 0);
        if (await new FunctionProbe(access, scheduler).ProbeAsync(rid, port) is not { IsBridge: false } node)
        {
            return null;
        }

        var registers = new FunctionConfig(access, rid);
        var msix = node.Capabilities.MsiX;
        var control = msix == 0 ? 0 : await registers.Read16Async(msix + 2);
        var table = msix == 0 ? 0 : await registers.Read32Async(msix + 4);
        if (access.Unanswered > 0)
        {
            return null;
        }

        slot.Fill(
            new GuestFunction(
                rid, node.VendorId, node.DeviceId, node.ClassCode, node.Bars, msix, msix == 0 ? 0 : (control & MsixTableSize) + 1, (int)(table & 7),
                (int)(table & ~7U)),
            node.Capabilities);
        return node;
    }
}
