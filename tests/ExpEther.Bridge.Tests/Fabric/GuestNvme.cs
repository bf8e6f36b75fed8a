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
    private int _taken;

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
        SetUp();
    }

    /// <summary>A controller reset, and the admin queue from its beginning.</summary>
    public void SetUp()
    {
        _commands = 0;
        _taken = 0;
        _memory.AsSpan(0, 0x2000).Clear();
        Driver.Write32(0, NvmeRegister.Cc, 0);
        _fabric.Until(() => (Driver.Read32(0, NvmeRegister.Csts) & 1) == 0);
        Driver.Write32(0, NvmeRegister.Aqa, ((Entries - 1) << 16) | (Entries - 1));
        Driver.Write(0, NvmeRegister.Asq, BitConverter.GetBytes(_base));
        Driver.Write(0, NvmeRegister.Acq, BitConverter.GetBytes(_base + 0x1000));
        Driver.Write32(0, NvmeRegister.Cc, 0x0046_0001);
        _fabric.Until(() => Driver.Read32(0, NvmeRegister.Csts) == 1);
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
        Assert.Equal(number, TakeEntry().CommandId);
        Assert.Equal((_slot, MessageAddress, MessageData), _guest.Machine.Interrupts.Last(i => i.Slot == _slot));
        Driver.Write32(0, NvmeRegister.Doorbells + 4, (uint)(_taken % Entries));
        return _memory.AsSpan(0x2000, 4096).ToArray();
    }

    /// <summary>An Asynchronous Event Request; its command identifier.</summary>
    public ushort AskForEvent()
    {
        var number = _commands++;
        var command = _memory.AsSpan(number % Entries * 64, 64);
        command.Clear();
        command[0] = (byte)AdminOpcode.AsynchronousEventRequest;
        BinaryPrimitives.WriteUInt16LittleEndian(command[2..], (ushort)(number + 0x100));
        Driver.Write32(0, NvmeRegister.Doorbells, (uint)((number + 1) % Entries));
        _fabric.Pass(TimeSpan.FromMilliseconds(10));
        return (ushort)(number + 0x100);
    }

    /// <summary>The next completion entry, which must be there.</summary>
    public (ushort CommandId, uint Result) TakeEntry()
    {
        var entry = _memory.AsSpan(0x1000 + (_taken % Entries * 16), 16);
        Assert.Equal((_taken / Entries % 2) ^ 1, BinaryPrimitives.ReadUInt16LittleEndian(entry[14..]));
        _taken++;
        return (BinaryPrimitives.ReadUInt16LittleEndian(entry[12..]), BinaryPrimitives.ReadUInt32LittleEndian(entry));
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
