using ExpEther.Pcie;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// Configuration space above and below the slots: ports are asked by the root port's requests, the function in a slot by its slot's, so that
/// both have one order and one set of tags. A slot's bus is nobody's until it is known whose it is.
/// </summary>
internal sealed class GuestConfigAccess(IConfigAccess ports, int lastPortBus) : IConfigAccess
{
    private readonly GuestSlot?[] _slotOfBus = new GuestSlot?[256];

    public GuestSlot? SlotOf(byte bus) => _slotOfBus[bus];

    public void Add(byte bus, GuestSlot slot) => _slotOfBus[bus] = slot;

    public ValueTask<ConfigResult> ReadAsync(Rid target, int register)
    {
        if (target.Bus <= lastPortBus)
        {
            return ports.ReadAsync(target, register);
        }

        return _slotOfBus[target.Bus] is { } slot && target.DeviceFunction == 0
            ? slot.ReadConfigAsync(register)
            : ValueTask.FromResult(ConfigResult.Failed(ConfigStatus.UnsupportedRequest));
    }

    public ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF)
    {
        if (target.Bus <= lastPortBus)
        {
            return ports.WriteAsync(target, register, value, enables);
        }

        return _slotOfBus[target.Bus] is { } slot && target.DeviceFunction == 0
            ? slot.WriteConfigAsync(register, value, enables)
            : ValueTask.FromResult(ConfigStatus.UnsupportedRequest);
    }
}
