using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>An NVMe controller in a guest's slot, driven by register accesses alone: an admin queue in the guest's memory, one MSI-X vector.</summary>
internal sealed class GuestNvme
{
    private const int Entries = 16;

    private readonly TestFabric _fabric;
    private readonly FabricGuest _guest;
    private readonly int _slot;
    private readonly byte[] _memory;
    private readonly ulong _base;
    private int _commands;

    /// <summary>Takes the function in a slot into use as a driver does.</summary>
    public GuestNvme(TestFabric fabric, FabricGuest guest, int slot, ulong barAddress, ulong memoryBase)
    {
        _fabric = fabric;
        _guest = guest;
        _slot = slot;
        _base = memoryBase;
        _memory = guest.Machine.MemoryFor(slot).Map(memoryBase, 0x1_0000, DmaRights.ReadWrite);
        Driver = new GuestDriver(fabric, guest.Slot(slot));
        Driver.PlaceBar(0, barAddress);
        Driver.Enable();
        EnableMsix();
        Driver.Write32(0, NvmeRegister.Cc, 0);
        fabric.Until(() => (Driver.Read32(0, NvmeRegister.Csts) & 1) == 0);
        Driver.Write32(0, NvmeRegister.Aqa, ((Entries - 1) << 16) | (Entries - 1));
        Driver.Write(0, NvmeRegister.Asq, BitConverter.GetBytes(memoryBase));
        Driver.Write(0, NvmeRegister.Acq, BitConverter.GetBytes(memoryBase + 0x1000));
        Driver.Write32(0, NvmeRegister.Cc, 0x0046_0001);
        fabric.Until(() => Driver.Read32(0, NvmeRegister.Csts) == 1);
    }

    public GuestDriver Driver { get; }

    /// <summary>Where its interrupts go: any address in x86's window, with a destination in it.</summary>
    public ulong MessageAddress => 0xFEE0_1004 + ((ulong)_slot << 12);

    public uint MessageData => 0x4030 + (uint)_slot;

    /// <summary>Identify Controller; ends by the interrupt.</summary>
    public byte[] Identify()
    {
        var number = _commands++;
        var command = _memory.AsSpan(number % Entries * 64, 64);
        command.Clear();
        command[0] = (byte)AdminOpcode.Identify;
        BinaryPrimitives.WriteUInt16LittleEndian(command[2..], (ushort)number);
        BinaryPrimitives.WriteUInt64LittleEndian(command[24..], _base + 0x2000);
        BinaryPrimitives.WriteUInt32LittleEndian(command[40..], 1);
        var interrupts = _guest.Machine.Interrupts.Count(i => i.Slot == _slot);
        Driver.Write32(0, NvmeRegister.Doorbells, (uint)((number + 1) % Entries));

        _fabric.Until(() => _guest.Machine.Interrupts.Count(i => i.Slot == _slot) > interrupts);
        // The entry is there when the interrupt is (PCIe 5.0 §2.4.1).
        var entry = _memory.AsSpan(0x1000 + (number % Entries * 16), 16);
        Assert.Equal(number, BinaryPrimitives.ReadUInt16LittleEndian(entry[12..]));
        Assert.Equal((number / Entries % 2) ^ 1, BinaryPrimitives.ReadUInt16LittleEndian(entry[14..]));
        Assert.Equal((_slot, MessageAddress, MessageData), _guest.Machine.Interrupts.Last(i => i.Slot == _slot));
        Driver.Write32(0, NvmeRegister.Doorbells + 4, (uint)((number + 1) % Entries));
        return _memory.AsSpan(0x2000, 4096).ToArray();
    }

    private void EnableMsix()
    {
        var function = _guest.Slot(_slot).Function!;
        Assert.Equal(Driver.FindCapability(CapabilityId.Msix), function.MsixOffset);
        Assert.Equal(0, function.MsixTableBar);
        var entry = (ulong)function.MsixTableOffset;
        Driver.Write(0, entry, BitConverter.GetBytes(MessageAddress));
        Driver.Write32(0, entry + 8, MessageData);
        Driver.Write32(0, entry + 12, 0);
        Assert.True(Driver.WriteConfig(function.MsixOffset + 2, [0, 0x80]));
    }
}
