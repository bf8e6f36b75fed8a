using ExpEther.Nvme.Controller.Commands.Admin;
using ExpEther.Nvme.Controller.Commands.Io;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>The commands that this controller has.</summary>
internal sealed class CommandSet
{
    private readonly INvmeCommand?[] _admin = new INvmeCommand?[256];
    private readonly INvmeCommand?[] _io = new INvmeCommand?[256];

    public CommandSet(NvmeControllerOptions options)
    {
        Add(AdminOpcode.DeleteIoSubmissionQueue, new DeleteIoSubmissionQueueCommand());
        Add(AdminOpcode.CreateIoSubmissionQueue, new CreateIoSubmissionQueueCommand());
        Add(AdminOpcode.GetLogPage, new GetLogPageCommand(this, options));
        Add(AdminOpcode.DeleteIoCompletionQueue, new DeleteIoCompletionQueueCommand());
        Add(AdminOpcode.CreateIoCompletionQueue, new CreateIoCompletionQueueCommand());
        Add(AdminOpcode.Identify, new IdentifyCommand(options));
        Add(AdminOpcode.Abort, new AbortCommand());
        Add(AdminOpcode.SetFeatures, new SetFeaturesCommand());
        Add(AdminOpcode.GetFeatures, new GetFeaturesCommand());
        Add(AdminOpcode.AsynchronousEventRequest, new AsynchronousEventRequestCommand());
        Add(IoOpcode.Flush, new FlushCommand());
        Add(IoOpcode.Write, new WriteCommand());
        Add(IoOpcode.Read, new ReadCommand());
        Add(IoOpcode.Compare, new CompareCommand());
        Add(IoOpcode.WriteZeroes, new WriteZeroesCommand());
        Add(IoOpcode.DatasetManagement, new DatasetManagementCommand());
        Add(IoOpcode.Verify, new VerifyCommand());
    }

    /// <summary>Null: Invalid Command Opcode.</summary>
    public INvmeCommand? Find(int queue, byte opcode) => (queue == 0 ? _admin : _io)[opcode];

    private void Add(AdminOpcode opcode, INvmeCommand command) => _admin[(byte)opcode] = command;

    private void Add(IoOpcode opcode, INvmeCommand command) => _io[(byte)opcode] = command;
}
