using ExpEther.Nvme.Controller.Commands.Admin;
using ExpEther.Nvme.Controller.Commands.Io;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>The commands that this controller has.</summary>
internal sealed class CommandSet
{
    private readonly INvmeCommand?[] _admin = new INvmeCommand?[256];
    private readonly INvmeCommand?[] _io = new INvmeCommand?[256];

    /// <param name="options">The controller's.</param>
    /// <param name="config">Its function's: a PF's controller manages namespaces and secondary controllers.</param>
    public CommandSet(NvmeControllerOptions options, EndpointConfig config)
    {
        Add(AdminOpcode.DeleteIoSubmissionQueue, new DeleteIoSubmissionQueueCommand());
        Add(AdminOpcode.CreateIoSubmissionQueue, new CreateIoSubmissionQueueCommand());
        Add(AdminOpcode.GetLogPage, new GetLogPageCommand(this, options));
        Add(AdminOpcode.DeleteIoCompletionQueue, new DeleteIoCompletionQueueCommand());
        Add(AdminOpcode.CreateIoCompletionQueue, new CreateIoCompletionQueueCommand());
        Add(AdminOpcode.Identify, new IdentifyCommand(options, config));
        Add(AdminOpcode.Abort, new AbortCommand());
        Add(AdminOpcode.SetFeatures, new SetFeaturesCommand());
        Add(AdminOpcode.GetFeatures, new GetFeaturesCommand());
        Add(AdminOpcode.AsynchronousEventRequest, new AsynchronousEventRequestCommand());
        if (config.SrIov is not null)
        {
            Add(AdminOpcode.NamespaceManagement, new NamespaceManagementCommand());
            Add(AdminOpcode.NamespaceAttachment, new NamespaceAttachmentCommand());
            Add(AdminOpcode.VirtualizationManagement, new VirtualizationManagementCommand());
            Add(AdminOpcode.ResizeNamespace, new ResizeNamespaceCommand());
        }

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
