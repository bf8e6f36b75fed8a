using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>
/// A scripted host with memory and an NVMe controller that it drives by hand: registers, one admin and one I/O queue pair, any command. It
/// answers the controller's reads and takes its writes.
/// </summary>
internal sealed class RawNvmeHost
{
    public const ulong Memory = 0x1000_0000;

    private const ulong MemH = 0x80_0000_0000;
    private const int Entries = 32;
    private const int SubmissionBytes = 64;
    private const int CompletionBytes = 16;
    private const int QueueBytes = 0x1000;
    private const int DataOffset = 8 * QueueBytes;

    /// <summary>EN, IOSQES 6, IOCQES 4.</summary>
    private const uint Enabled = 0x0046_0001;

    private readonly byte[] _memory = new byte[0x1_0000];
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly int[] _commands = new int[2];
    private readonly IoRig _rig;
    private readonly ScriptedHost _host;

    /// <summary>Maps the function that the host was presented last, and enables its controller.</summary>
    public RawNvmeHost(IoRig rig, ScriptedHost host)
    {
        _rig = rig;
        _host = host;
        rig.Map(host, MemH);
        Write(NvmeRegister.Aqa, BitConverter.GetBytes(((Entries - 1) << 16) | (Entries - 1)));
        Write(NvmeRegister.Asq, BitConverter.GetBytes(Memory));
        Write(NvmeRegister.Acq, BitConverter.GetBytes(Memory + QueueBytes));
        Write(NvmeRegister.Cc, BitConverter.GetBytes(Enabled));
        rig.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.True(Run(0, (byte)AdminOpcode.CreateIoCompletionQueue, 0, QueueDw10, 1, prp1: Memory + (3 * QueueBytes)).IsSuccess);
        Assert.True(Run(0, (byte)AdminOpcode.CreateIoSubmissionQueue, 0, QueueDw10, 0x1_0001, prp1: Memory + (2 * QueueBytes)).IsSuccess);
    }

    /// <summary>One page for commands' data.</summary>
    public Span<byte> Data => _memory.AsSpan(DataOffset, 4096);

    private static uint QueueDw10 => ((Entries - 1) << 16) | 1;

    /// <summary>Runs a command to its end.</summary>
    /// <param name="queue">0: admin; 1: I/O.</param>
    /// <param name="opcode">Any.</param>
    /// <param name="nsid">Any.</param>
    /// <param name="dw10">As the command has it.</param>
    /// <param name="dw11">As the command has it.</param>
    /// <param name="dw12">As the command has it.</param>
    /// <param name="prp1">Null: <see cref="Data"/>.</param>
    public NvmeStatus Run(int queue, byte opcode, uint nsid, uint dw10 = 0, uint dw11 = 0, uint dw12 = 0, ulong? prp1 = null)
    {
        var number = _commands[queue]++;
        var (submission, completion) = (2 * queue * QueueBytes, ((2 * queue) + 1) * QueueBytes);
        var command = _memory.AsSpan(submission + (number % Entries * SubmissionBytes), SubmissionBytes);
        command.Clear();
        command[0] = opcode;
        BinaryPrimitives.WriteUInt16LittleEndian(command[2..], (ushort)number);
        BinaryPrimitives.WriteUInt32LittleEndian(command[4..], nsid);
        BinaryPrimitives.WriteUInt64LittleEndian(command[24..], prp1 ?? Memory + DataOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(command[40..], dw10);
        BinaryPrimitives.WriteUInt32LittleEndian(command[44..], dw11);
        BinaryPrimitives.WriteUInt32LittleEndian(command[48..], dw12);
        Write(NvmeRegister.Doorbells + (8 * queue), BitConverter.GetBytes((number + 1) % Entries));

        var entry = completion + (number % Entries * CompletionBytes) + 12;
        var phase = (number / Entries % 2) ^ 1;
        _rig.Run(() =>
        {
            Serve();
            return (_memory[entry + 2] & 1) == phase && BinaryPrimitives.ReadUInt16LittleEndian(_memory.AsSpan(entry)) == (ushort)number;
        });
        var status = BinaryPrimitives.ReadUInt16LittleEndian(_memory.AsSpan(entry + 2)) >> 1;
        Write(NvmeRegister.Doorbells + (8 * queue) + 4, BitConverter.GetBytes((number + 1) % Entries));
        return new NvmeStatus((ushort)status);
    }

    private void Write(int register, byte[] value) => _host.Write(MemH + (ulong)register, value);

    private void Serve()
    {
        var tlps = _host.Tlps.ToArray();
        _host.Tlps.Clear();
        foreach (var tlp in tlps)
        {
            var view = tlp.View;
            if (!view.IsMemory)
            {
                continue;
            }

            var memory = _memory.AsSpan((int)(view.Address - Memory), view.LengthDw * 4);
            if (view.Kind == TlpKind.MemoryWrite)
            {
                view.Payload.CopyTo(memory);
                continue;
            }

            var length = Completion.To(view, _host.HostH, CompletionStatus.SuccessfulCompletion).Write(_tlp, memory);
            _host.Send(tlp.Function, tlp.Generation, _tlp.AsSpan(0, length));
        }
    }
}
